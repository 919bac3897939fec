package import DeploymentModel
package import HTTP
package import JSON
package import WebSocket

/// Runs over WebSocket with the subprotocol `theory.run.v1`: the standard transport.
package struct WebSocketTransport: ProcessorTransport {
    private static let subprotocol = "theory.run.v1"

    private let dialect: RunDialect
    private let limits: WebSocketLimits
    private let client: HTTPClient

    /// - Parameter client: knows the authorities that `wss` trusts.
    package init(
        dialect: RunDialect = .run, limits: WebSocketLimits = WebSocketLimits(), client: HTTPClient = .shared
    ) {
        self.dialect = dialect
        self.limits = limits
        self.client = client
    }

    package func run(
        _ payload: RunPayload, at endpoint: ProcessorEndpoint,
        report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> JSONValue {
        let opening = RunConversation(payload, dialect: dialect).opening
        guard opening.utf8.count <= limits.messageBytes else { throw tooLarge(opening.utf8.count) }
        do {
            let request = try WebSocketRequest(
                url: endpoint.webSocketURL, subprotocol: Self.subprotocol, headers: endpoint.headers)
            return try await WebSocketConnection.withConnection(to: request, limits: limits, through: client) {
                connection in
                var conversation = RunConversation(payload, dialect: dialect)
                try await connection.send(text: opening)
                for try await message in connection.messages {
                    let step: RunConversation.Step
                    do throws(Failure) {
                        step = try conversation.take(message)
                    } catch {
                        await connection.close(code: .protocolError, reason: error.message)
                        throw error
                    }
                    switch step {
                    case .acknowledged: break
                    case .event(let event): await report(event)
                    case .result(let envelope):
                        await connection.close(code: .normal)
                        return envelope
                    }
                }
                throw Failure(.wsClose, "the connection ended before RunResult")  // Only an own close gets here.
            }
        } catch let error as WebSocketError {
            throw Failure(error)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.network, "the run failed: \(error)")
        }
    }
}

extension WebSocketTransport {
    private func tooLarge(_ bytes: Int) -> Failure {
        Failure(
            .inputs,
            "the run takes a message of \(bytes) bytes, and a WebSocket message may have \(limits.messageBytes) here",
            remedy: "Pass what is large by reference, or let the processor speak HTTP: api: {protocol: http}.")
    }
}

extension Failure {
    fileprivate init(_ error: WebSocketError) {
        switch error.kind {
        case .connect: self.init(.network, "the processor can't be reached: \(error.message)")
        case .refused, .protocolViolation, .messageTooLarge: self.init(.wsProtocol, error.message)
        case .timeout: self.init(.wsTimeout, error.message)
        case .closed: self.init(.wsClose, "\(error.message), before RunResult")
        case .cancelled: self = .cancelledRun
        }
    }
}
