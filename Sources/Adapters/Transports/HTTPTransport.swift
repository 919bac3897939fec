package import DeploymentModel
package import HTTP
package import JSON

/// Runs over HTTP: `POST /run` answers with the envelope, whatever the status.
package struct HTTPTransport: ProcessorTransport {
    /// The largest answer, in bytes; the limit of a WebSocket message.
    static let answerLimit = 8 << 20

    private let client: HTTPClient

    package init(client: HTTPClient = .shared) {
        self.client = client
    }

    package func run(
        _ payload: RunPayload, at endpoint: ProcessorEndpoint,
        report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> JSONValue {
        let reply = try await Self.translating { () async throws(HTTPError) in
            try await client.fetch(
                .run(payload, endpoint.runURL, endpoint), upTo: Self.answerLimit, isIdempotent: false, retrying: .never)
        }
        return try Self.envelope(in: reply.body, status: reply.status)
    }

    /// Turns the errors of the exchange into those of a run.
    static func translating<Value>(
        _ body: () async throws(HTTPError) -> Value
    ) async throws(Failure) -> Value {
        do throws(HTTPError) {
            return try await body()
        } catch {
            throw Failure(run: error)
        }
    }

    /// The envelope in an answer.
    ///
    /// - Throws: `Failure` with `ERR_BAD_RESPONSE` when there is none.
    static func envelope(in body: [UInt8], status: Int) throws(Failure) -> JSONValue {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: body)
        } catch {
            throw Failure(.badResponse, "the processor answered HTTP \(status) without JSON: \(error)")
        }
        guard Envelope.isEnvelope(value) else {
            throw Failure(.badResponse, "the processor answered HTTP \(status) without an envelope")
        }
        return value
    }
}

extension HTTPRequest {
    /// The request that starts a run. It may take as long as it likes; a platform that holds no request open so long
    /// answers 303 again and again, which is followed.
    static func run(_ payload: RunPayload, _ url: String, _ endpoint: ProcessorEndpoint) -> HTTPRequest {
        var headers: HTTPHeaders = [
            "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
        ]
        for (name, value) in endpoint.headers.sorted(by: { $0.key < $1.key }) { headers.add(name, value) }
        var request = HTTPRequest(
            .post, url, headers: headers, body: .bytes(Array(payload.json.compact.utf8)), deadlines: .stream,
            redirectLimit: 50)
        request.secretHeaders = Array(endpoint.headers.keys)
        return request
    }
}

extension Failure {
    /// Why there was no answer to a run.
    init(run error: HTTPError) {
        switch error.kind {
        case .resolve, .connect, .tls, .timeout, .connectionLost, .invalidRequest, .source, .redirect:
            self.init(.network, "the processor can't be reached: \(error)")
        case .truncated, .tooLarge, .protocol: self.init(.badResponse, "the processor's answer is no use: \(error)")
        case .cancelled: self = .cancelledRun
        }
    }

    /// Whoever cancels knows why; this only ends the waiting.
    static var cancelledRun: Failure { Failure(.timeout, "the run was cancelled") }
}
