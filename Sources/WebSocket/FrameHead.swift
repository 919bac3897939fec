import NIOCore

/// What stands before the payload of a server's frame (RFC 6455 section 5.2).
struct FrameHead: Hashable {
    enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case close = 8
        case ping = 9
        case pong = 10
    }

    let isFinal: Bool
    let opcode: Opcode
    /// Of the payload, in bytes.
    let length: Int
    /// Of the head itself, in bytes.
    let size: Int

    /// Reads what is there and moves nothing; `nil` when the head is incomplete.
    ///
    /// - Throws: for a head that no server may send to a client that agreed on no extension.
    init?(peekingInto buffer: ByteBuffer) throws(WebSocketViolation) {
        let start = buffer.readerIndex
        guard let first = buffer.getInteger(at: start, as: UInt8.self) else { return nil }
        guard first & 0x70 == 0 else {
            throw WebSocketViolation(.protocolError, "the peer set a reserved bit, though no extension was agreed on")
        }
        guard first & 0x0F != 2 else {
            throw WebSocketViolation(.unsupportedData, "the peer sent a binary message; only text is understood")
        }
        guard let opcode = Opcode(rawValue: first & 0x0F) else {
            throw WebSocketViolation(.protocolError, "the peer sent a frame with a reserved opcode")
        }
        isFinal = first & 0x80 != 0
        self.opcode = opcode
        guard let second = buffer.getInteger(at: start + 1, as: UInt8.self) else { return nil }
        guard second & 0x80 == 0 else { throw WebSocketViolation(.protocolError, "the server masked a frame") }
        let short = Int(second & 0x7F)
        if opcode.rawValue & 0x08 != 0, short > 125 || !isFinal {
            throw WebSocketViolation(.protocolError, "the peer sent a control frame that is fragmented or too long")
        }
        let least: Int
        switch short {
        case 126:
            guard let long = buffer.getInteger(at: start + 2, as: UInt16.self) else { return nil }
            (length, size, least) = (Int(long), 4, 126)
        case 127:
            guard let long = buffer.getInteger(at: start + 2, as: UInt64.self) else { return nil }
            guard let exact = Int(exactly: long) else {
                throw WebSocketViolation(.protocolError, "the peer sent a frame whose length has the reserved bit")
            }
            (length, size, least) = (exact, 10, 1 << 16)
        default: (length, size, least) = (short, 2, 0)
        }
        guard length >= least else {
            throw WebSocketViolation(.protocolError, "the peer wrote a frame's length with more bytes than it needs")
        }
    }
}
