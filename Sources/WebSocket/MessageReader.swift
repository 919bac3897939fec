import NIOCore

/// Takes the bytes of a server apart into messages and refuses what RFC 6455 section 5 forbids, as soon as the head of a
/// frame shows it. No I/O, no time.
///
/// Not made of NIO's frame decoder: that tells of a frame when the whole of it has come, takes lengths that are longer
/// than they need be, and costs several allocations a frame.
struct MessageReader {
    enum Event: Hashable {
        case text(String)
        case ping(ByteBuffer)
        case pong(ByteBuffer)
        case close(CloseFrame)
    }

    private let messageLimit: Int
    /// What has come and belongs to no complete frame yet.
    private var unread = ByteBuffer()
    /// The fragments so far of the message in progress.
    private var fragments: ByteBuffer?
    /// Nothing that follows a violation means anything.
    private var hasFailed = false

    init(messageLimit: Int) {
        self.messageLimit = messageLimit
    }

    mutating func receive(_ bytes: ByteBuffer) {
        guard !hasFailed else { return }
        if unread.readableBytes == 0 {
            unread = bytes
        } else {
            unread.discardReadBytes()
            unread.writeImmutableBuffer(bytes)
        }
    }

    /// What comes next of the bytes received; `nil` when more are needed.
    mutating func next() throws(WebSocketViolation) -> Event? {
        do throws(WebSocketViolation) {
            while let head = try FrameHead(peekingInto: unread) {
                try check(head)
                guard unread.readableBytes - head.size >= head.length else { return nil }
                unread.moveReaderIndex(forwardBy: head.size)
                if let event = try takePayload(of: head) { return event }
            }
            return nil
        } catch {
            hasFailed = true
            unread = ByteBuffer()
            fragments = nil
            throw error
        }
    }

    private func check(_ head: FrameHead) throws(WebSocketViolation) {
        switch head.opcode {
        case .text:
            guard fragments == nil else {
                throw WebSocketViolation(.protocolError, "the peer started a message inside another")
            }
        case .continuation:
            guard fragments != nil else {
                throw WebSocketViolation(.protocolError, "the peer continued a message that it had not started")
            }
        case .close, .ping, .pong: return
        }
        guard head.length <= messageLimit - (fragments?.readableBytes ?? 0) else {
            throw WebSocketViolation(.messageTooBig, "the peer's message exceeds \(messageLimit) bytes")
        }
    }

    /// - Returns: `nil` for a fragment after which the message goes on.
    private mutating func takePayload(of head: FrameHead) throws(WebSocketViolation) -> Event? {
        switch head.opcode {
        case .ping: return .ping(takeBytes(head.length))
        case .pong: return .pong(takeBytes(head.length))
        case .close: return .close(try CloseFrame(reading: takeBytes(head.length)))
        case .text where head.isFinal:
            let text = Self.text(unread, head.length)
            unread.moveReaderIndex(forwardBy: head.length)
            return .text(try Self.valid(text))
        case .text, .continuation:
            var all = fragments ?? ByteBuffer()
            // Appended in place: there must be no second reference to the bytes.
            fragments = nil
            all.writeImmutableBuffer(takeBytes(head.length))
            guard head.isFinal else {
                fragments = all
                return nil
            }
            return .text(try Self.valid(Self.text(all, all.readableBytes)))
        }
    }

    private mutating func takeBytes(_ count: Int) -> ByteBuffer { unread.readSlice(length: count) ?? ByteBuffer() }

    private static func text(_ buffer: ByteBuffer, _ count: Int) -> String? {
        buffer.withUnsafeReadableBytes { String(validating: $0.prefix(count), as: UTF8.self) }
    }

    private static func valid(_ text: String?) throws(WebSocketViolation) -> String {
        guard let text else {
            throw WebSocketViolation(.invalidPayload, "the peer sent a text message that is not UTF-8")
        }
        return text
    }
}
