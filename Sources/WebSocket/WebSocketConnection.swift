package import HTTP
import NIOCore

/// An open connection to a WebSocket server (RFC 6455), as a client, for text messages.
package struct WebSocketConnection: Sendable {
    private let channel: any Channel
    private let fate: ConnectionFate
    private let messageLimit: Int
    package let messages: WebSocketMessages

    init(channel: any Channel, messages: MessageProducer, fate: ConnectionFate, messageLimit: Int) {
        self.channel = channel
        self.fate = fate
        self.messageLimit = messageLimit
        self.messages = WebSocketMessages(base: messages, fate: fate)
    }

    /// Connects, lends the connection to `body`, and closes it: with 1000 when `body` returns, with 1001 when it throws,
    /// unless it is closed already. A cancelled task drops the connection at once.
    ///
    /// - Parameter client: knows the authorities that `wss` trusts.
    /// - Throws: `WebSocketError` when there is no connection, and whatever `body` throws.
    package static func withConnection<Result>(
        to request: WebSocketRequest, limits: WebSocketLimits = WebSocketLimits(), through client: HTTPClient = .shared,
        _ body: (WebSocketConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await connect(to: request, limits: limits, through: client)
        do {
            // At once, whatever the body is waiting for.
            let result = try await withTaskCancellationHandler {
                try await body(connection)
            } onCancel: {
                connection.fate.abandon(.cancelled)
            }
            await connection.close()
            return result
        } catch {
            await connection.close(code: .goingAway)
            throw error
        }
    }

    /// Sends a message and waits until the system has taken it: a peer that doesn't read makes this wait.
    ///
    /// - Throws: `messageTooLarge`, or what ended the connection.
    package func send(text: String) async throws(WebSocketError) {
        guard text.utf8.count <= messageLimit else {
            throw WebSocketError(.messageTooLarge, "the message exceeds \(messageLimit) bytes")
        }
        do {
            try await abandoningWhenCancelled {
                try await channel.writeAndFlush(WebSocketCommand.text(text)).get()
            }
        } catch {
            throw fate.error ?? .ended
        }
    }

    /// Closes the connection and waits for the peer's part of the handshake, `limits.close` at most.
    ///
    /// Does nothing on a closed connection. What the peer sends from now on is not delivered any more.
    package func close(code: WebSocketCloseCode = .normal, reason: String = "") async {
        do {
            try await abandoningWhenCancelled {
                try await channel.writeAndFlush(WebSocketCommand.close(CloseFrame(code, reason: reason))).get()
                try await channel.closeFuture.get()
            }
        } catch {}  // Closed already.
    }

    private func abandoningWhenCancelled(_ body: () async throws -> Void) async throws {
        try await withTaskCancellationHandler(operation: body) { fate.abandon(.cancelled) }
    }
}
