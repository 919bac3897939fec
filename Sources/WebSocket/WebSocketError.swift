/// Why a connection could not be had, or ended.
package struct WebSocketError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// There is no connection to the host, or the URL is none that can be connected to.
        case connect
        /// The server answered the upgrade with this HTTP status.
        case refused(status: Int)
        /// A deadline passed: for connecting, or for the answer to a ping.
        case timeout
        /// The peer broke RFC 6455 or did not select the subprotocol.
        case protocolViolation
        /// A message, sent or received, exceeds the limit.
        case messageTooLarge
        /// The peer closed the connection. A connection that just ends has the code `abnormal`.
        case closed(WebSocketCloseCode, reason: String)
        /// The task was cancelled, or this side has closed the connection.
        case cancelled
    }

    package let kind: Kind
    /// One sentence without a full stop: what happened. Holds no header and no message text.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension WebSocketError: CustomStringConvertible {
    package var description: String { message }
}

extension WebSocketError {
    static let cancelled = WebSocketError(.cancelled, "the connection was given up")

    static func closed(_ frame: CloseFrame) -> WebSocketError {
        let reason = frame.reason.isEmpty ? "" : ": \(frame.reason)"
        let code = frame.code == .noStatus ? "without a code" : "with \(frame.code)"
        return WebSocketError(
            .closed(frame.code, reason: frame.reason), "the peer closed the connection \(code)\(reason)")
    }

    static let ended = WebSocketError(
        .closed(.abnormal, reason: ""), "the connection ended without a close frame (1006)")
}
