import NIOCore

/// What a close frame says.
struct CloseFrame: Hashable, Sendable {
    let code: WebSocketCloseCode
    let reason: String

    init(_ code: WebSocketCloseCode, reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// Reads the payload of a received frame (RFC 6455 section 5.5.1).
    init(reading payload: ByteBuffer) throws(WebSocketViolation) {
        var payload = payload
        if payload.readableBytes == 0 {
            self.init(.noStatus)
            return
        }
        guard let number = payload.readInteger(as: UInt16.self) else {
            throw WebSocketViolation(.protocolError, "the peer's close frame has half a code")
        }
        let code = WebSocketCloseCode(rawValue: number)
        guard code.isSendable else {
            throw WebSocketViolation(.protocolError, "the peer's close frame has the reserved code \(code)")
        }
        guard let reason = String(validating: payload.readableBytesView, as: UTF8.self) else {
            throw WebSocketViolation(.invalidPayload, "the reason in the peer's close frame is not UTF-8")
        }
        self.init(code, reason: reason)
    }

    /// The payload to send: a control frame's is 125 bytes at most, so a long reason is cut.
    var payload: ByteBuffer {
        var buffer = ByteBuffer()
        guard code.isSendable else { return buffer }
        buffer.writeInteger(code.rawValue)
        for character in reason where buffer.readableBytes + character.utf8.count <= 125 {
            buffer.writeString(String(character))
        }
        return buffer
    }
}

/// Something that the peer must not do, with the code to close the connection with.
struct WebSocketViolation: Error, Hashable {
    let code: WebSocketCloseCode
    let message: String

    init(_ code: WebSocketCloseCode, _ message: String) {
        self.code = code
        self.message = message
    }

    var error: WebSocketError {
        WebSocketError(code == .messageTooBig ? .messageTooLarge : .protocolViolation, message)
    }
}
