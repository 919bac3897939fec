import NIOCore
import NIOWebSocket

/// Turns the frames of a server into messages and refuses what RFC 6455 section 5 forbids. No I/O, no time.
struct MessageAssembler {
    enum Event: Hashable {
        /// A fragment; the message goes on.
        case incomplete
        case text(String)
        case ping(ByteBuffer)
        case pong(ByteBuffer)
        case close(CloseFrame)
    }

    private let messageLimit: Int
    /// The fragments so far of the message in progress.
    private var fragments: ByteBuffer?

    init(messageLimit: Int) {
        self.messageLimit = messageLimit
    }

    mutating func take(_ frame: WebSocketFrame) throws(WebSocketViolation) -> Event {
        guard frame.reservedBits.isEmpty else {
            throw WebSocketViolation(.protocolError, "the peer set a reserved bit, though no extension was agreed on")
        }
        guard frame.maskKey == nil else {
            throw WebSocketViolation(.protocolError, "the server masked a frame")
        }
        switch frame.opcode {
        case .ping: return .ping(frame.data)
        case .pong: return .pong(frame.data)
        case .connectionClose: return .close(try CloseFrame(reading: frame.data))
        case .text: return try takeText(frame)
        case .continuation: return try takeContinuation(frame)
        case .binary:
            throw WebSocketViolation(.unsupportedData, "the peer sent a binary message; only text is understood")
        default: throw WebSocketViolation(.protocolError, "the peer sent a frame with a reserved opcode")
        }
    }

    private mutating func takeText(_ frame: WebSocketFrame) throws(WebSocketViolation) -> Event {
        guard fragments == nil else {
            throw WebSocketViolation(.protocolError, "the peer started a message inside another")
        }
        if frame.fin { return .text(try text(of: frame.data)) }
        fragments = try appending(frame.data, to: ByteBuffer())
        return .incomplete
    }

    private mutating func takeContinuation(_ frame: WebSocketFrame) throws(WebSocketViolation) -> Event {
        guard let soFar = fragments else {
            throw WebSocketViolation(.protocolError, "the peer continued a message that it had not started")
        }
        fragments = nil
        let all = try appending(frame.data, to: soFar)
        if frame.fin { return .text(try text(of: all)) }
        fragments = all
        return .incomplete
    }

    private func appending(_ data: ByteBuffer, to buffer: consuming ByteBuffer) throws(WebSocketViolation) -> ByteBuffer
    {
        guard buffer.readableBytes + data.readableBytes <= messageLimit else {
            throw WebSocketViolation(.messageTooBig, "the peer's message exceeds \(messageLimit) bytes")
        }
        buffer.writeImmutableBuffer(data)
        return buffer
    }

    private func text(of data: ByteBuffer) throws(WebSocketViolation) -> String {
        guard let text = String(validating: data.readableBytesView, as: UTF8.self) else {
            throw WebSocketViolation(.invalidPayload, "the peer sent a text message that is not UTF-8")
        }
        return text
    }
}
