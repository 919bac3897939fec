import CCurl

/// One transfer on the loop's thread: what libcurl calls back into, and when to give up.
final class Transfer {
    let exchange: Exchange
    private(set) var easy: EasyHandle
    private var source: UploadSource
    private var parser = HeadParser()
    private let start: ContinuousClock.Instant
    /// The last time a byte moved, in either direction.
    private var lastActivity: ContinuousClock.Instant
    private var hasHead = false
    private var isPaused = false

    /// Prepares the handle; nothing is sent yet.
    ///
    /// - Throws: `.source` when the body can't be opened, `.protocol` when libcurl is out of memory.
    static func prepare(
        _ exchange: Exchange, configuration: HTTPClient.Configuration, now: ContinuousClock.Instant
    ) throws(HTTPError) -> Transfer {
        guard let source = UploadSource(exchange.request.body) else {
            throw exchange.error(.source, "the body's file can't be read")
        }
        guard let easy = EasyHandle() else { throw exchange.error(.protocol, "libcurl is out of memory") }
        let transfer = Transfer(exchange, easy, source, now: now)
        transfer.configure(configuration)
        return transfer
    }

    private init(
        _ exchange: Exchange, _ easy: consuming EasyHandle, _ source: consuming UploadSource,
        now: ContinuousClock.Instant
    ) {
        self.exchange = exchange
        self.easy = easy
        self.source = source
        start = now
        lastActivity = now
    }

    /// Not in `init`: there it crashes the optimizer of Swift 6.3.1.
    private func configure(_ configuration: HTTPClient.Configuration) {
        easy.configure(for: exchange.request, url: exchange.url, uploadLength: source.length, configuration)
        installCallbacks()
    }

    // MARK: The worker's side

    /// Goes on after a pause.
    func resume(now: ContinuousClock.Instant) {
        isPaused = false
        lastActivity = now
        unsafe curl_easy_pause(easy.pointer, CURLPAUSE_CONT)
    }

    /// libcurl is done with it.
    func finish(_ code: CURLcode) {
        if code == CURLE_OK {
            exchange.finish(.success(()))
        } else {
            exchange.finish(.failure(error(for: code)))
        }
    }

    func fail(after stage: HTTPDeadlines.Stage) {
        let deadlines = exchange.request.deadlines
        let message =
            switch stage {
            case .connect: "no connection within \(deadlines.connect ?? .zero)"
            case .firstByte: "no answer within \(deadlines.firstByte ?? .zero)"
            case .idle: "the answer stopped for \(deadlines.idle ?? .zero)"
            case .whole: "the exchange took longer than \(deadlines.whole ?? .zero)"
            }
        exchange.finish(.failure(exchange.error(.timeout(stage), message)))
    }

    /// The deadline that comes next as things stand.
    func nextDeadline() -> (instant: ContinuousClock.Instant, stage: HTTPDeadlines.Stage)? {
        let deadlines = exchange.request.deadlines
        let whole = deadlines.whole.map { (instant: start.advanced(by: $0), stage: HTTPDeadlines.Stage.whole) }
        guard let silence = silenceDeadline(deadlines) else { return whole }
        guard let whole, whole.instant <= silence.instant else { return silence }
        return whole
    }

    private func silenceDeadline(
        _ deadlines: HTTPDeadlines
    ) -> (instant: ContinuousClock.Instant, stage: HTTPDeadlines.Stage)? {
        if hasHead {
            guard !isPaused, let idle = deadlines.idle else { return nil }
            return (lastActivity.advanced(by: idle), .idle)
        }
        // libcurl times the connecting itself (CURLOPT_CONNECTTIMEOUT_MS).
        guard let firstByte = deadlines.firstByte, let connected = easy.timeToConnection else { return nil }
        return (max(start.advanced(by: connected), lastActivity).advanced(by: firstByte), .firstByte)
    }

    private func error(for code: CURLcode) -> HTTPError {
        let text = easy.lastError
        let kind = HTTPError.Kind(code, afterHead: hasHead)
        return exchange.error(kind, text.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : text)
    }

    // MARK: libcurl's side

    private func installCallbacks() {
        // Unretained: the worker keeps the transfer alive for as long as its handle is in the loop.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_on_header(
            easy.pointer,
            { bytes, size, count, context in
                unsafe Transfer.from(context).receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
                return size * count
            }, context)
        unsafe ccurl_on_write(
            easy.pointer,
            { bytes, size, count, context in
                unsafe Transfer.from(context).receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
            }, context)
        unsafe ccurl_on_read(
            easy.pointer,
            { bytes, size, count, context in
                unsafe Transfer.from(context).send(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
            }, context)
        unsafe ccurl_on_seek(
            easy.pointer,
            { context, offset, origin in
                guard origin == SEEK_SET, unsafe Transfer.from(context).source.seek(to: Int64(offset)) else {
                    return CURL_SEEKFUNC_FAIL
                }
                return CURL_SEEKFUNC_OK
            }, context)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer {
        unsafe Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
    }

    private func receiveHeader(_ line: UnsafeRawBufferPointer) {
        lastActivity = .now
        guard let head = parser.receive(unsafe String(decoding: line, as: UTF8.self)) else { return }
        hasHead = true
        exchange.receive(head: head)
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        lastActivity = .now
        switch exchange.receive(unsafe Array(bytes)) {
        case true?: return bytes.count
        case false?:
            isPaused = true
            return ccurl_write_pause()
        case nil: return 0
        }
    }

    private func send(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        lastActivity = .now
        return unsafe source.read(into: buffer) ?? ccurl_read_abort()
    }
}
