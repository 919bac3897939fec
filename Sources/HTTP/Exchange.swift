import Synchronization

/// One request under way, shared by the task that waits for it and the loop that carries it out.
final class Exchange: Sendable {
    typealias State = ExchangeState<
        CheckedContinuation<Result<Head, HTTPError>, Never>, CheckedContinuation<Result<[UInt8]?, HTTPError>, Never>
    >
    typealias Head = (status: Int, headers: HTTPHeaders)

    let request: HTTPRequest
    let url: HTTPURL
    private let loop: TransferLoop
    private let state = Mutex(State(highWater: HTTPResponseBody.highWater))

    init(_ request: HTTPRequest, url: HTTPURL, loop: TransferLoop) {
        self.request = request
        self.url = url
        self.loop = loop
    }

    var pauses: Int { state.withLock { $0.pauses } }
    var isFinished: Bool { state.withLock { $0.isFinished } }

    // MARK: The reader's side

    /// Starts the transfer and waits for the head of the answer.
    func head() async throws(HTTPError) -> Head {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                if let known = state.withLock({ $0.awaitHead(waiter) }) {
                    // Cancelled before it began: nothing is sent.
                    waiter.resume(returning: known)
                } else {
                    loop.submit(.start(self))
                }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// The next bytes of the body, `nil` at its end.
    func nextChunk(isolation: isolated (any Actor)?) async throws(HTTPError) -> [UInt8]? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let reading = state.withLock { $0.read(waiter) }
                switch reading {
                case .chunk(let bytes, let resume):
                    if resume { loop.submit(.resume(self)) }
                    waiter.resume(returning: .success(bytes))
                case .waits(let resume):
                    if resume { loop.submit(.resume(self)) }
                case .end:
                    waiter.resume(returning: .success(nil))
                case .failed(let error):
                    waiter.resume(returning: .failure(error))
                case .busy:
                    waiter.resume(returning: .failure(error(.invalidRequest, "two tasks read one body")))
                }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// Ends the transfer; waiters learn of it at once, the connection is closed by the loop's next turn.
    func cancel() {
        if finish(.failure(error(.cancelled, "the request was cancelled"))) { loop.submit(.cancel(self)) }
    }

    // MARK: The loop's side

    func receive(head: Head) {
        let waiter = state.withLock { $0.receive(head: head) }
        waiter?.resume(returning: .success(head))
    }

    /// Hands bytes on; false asks for a pause, `nil` for the end of the transfer.
    func receive(_ bytes: [UInt8]) -> Bool? {
        let receipt = state.withLock { $0.receive(bytes) }
        switch receipt {
        case .stored: return true
        case .pause: return false
        case .refused: return nil
        case .delivered(let waiter, let chunk):
            waiter.resume(returning: .success(chunk))
            return true
        }
    }

    /// Records how the exchange ended; false when it had ended before.
    @discardableResult
    func finish(_ result: Result<Void, HTTPError>) -> Bool {
        let (wasFinished, waiters) = state.withLock { ($0.isFinished, $0.finish(result)) }
        switch result {
        case .success:
            // A transfer can't end well without a head; if libcurl ever says so, it was no HTTP.
            waiters.head?.resume(returning: .failure(error(.protocol, "the server sent no answer")))
            waiters.chunk?.resume(returning: .success(nil))
        case .failure(let error):
            waiters.head?.resume(returning: .failure(error))
            waiters.chunk?.resume(returning: .failure(error))
        }
        return !wasFinished
    }

    func error(_ kind: HTTPError.Kind, _ message: String) -> HTTPError {
        HTTPError(kind, message, url: url.redacted)
    }
}
