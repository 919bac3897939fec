package import DeploymentModel
package import HTTP
package import JSON

/// Runs over HTTP with events: `POST /run-stream` answers with `progress`…, then `done` or `error`.
///
/// A processor that has no such path is run with `POST /run`: it has not seen the run yet.
package struct EventStreamTransport: ProcessorTransport {
    private let client: HTTPClient

    package init(client: HTTPClient = .shared) {
        self.client = client
    }

    package func run(
        _ payload: RunPayload, at endpoint: ProcessorEndpoint,
        report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> JSONValue {
        let response = try await HTTPTransport.translating { () async throws(HTTPError) in
            try await client.send(.run(payload, endpoint.runStreamURL, endpoint))
        }
        if response.status == 404 || response.status == 405 {
            await response.discard()
            return try await HTTPTransport(client: client).run(payload, at: endpoint, report: report)
        }
        guard response.status == 200, Self.isEventStream(response) else {
            let body = try await HTTPTransport.translating { () async throws(HTTPError) in
                try await response.collect(upTo: HTTPTransport.answerLimit)
            }
            return try HTTPTransport.envelope(in: body, status: response.status)
        }
        // At once, though the events be waiting for their reader.
        return try await cancellable(response) { () async throws(Failure) in
            try await Self.follow(response, report)
        }
    }

    /// Ends the transfer as soon as the task is cancelled.
    private func cancellable(
        _ response: HTTPResponse, _ body: () async throws(Failure) -> JSONValue
    ) async throws(Failure) -> JSONValue {
        let result = await withTaskCancellationHandler { () async -> Result<JSONValue, Failure> in
            do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
        } onCancel: {
            response.body.cancel()
        }
        return try result.get()
    }

    private static func follow(
        _ response: HTTPResponse, _ report: @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> JSONValue {
        var parser = EventStreamParser(limit: HTTPTransport.answerLimit)
        var chunks = response.body.makeAsyncIterator()
        while let bytes = try await HTTPTransport.translating({ () async throws(HTTPError) in try await chunks.next() })
        {
            for event in try events(in: bytes, &parser) {
                if let envelope = try await take(event, report) { return envelope }
            }
        }
        throw Failure(.badResponse, "the processor's event stream ended without done and error")
    }

    private static func events(
        in bytes: [UInt8], _ parser: inout EventStreamParser
    ) throws(Failure) -> [ServerSentEvent] {
        do throws(EventTooLarge) {
            return try parser.take(bytes)
        } catch {
            throw Failure(.badResponse, "an event of the processor exceeds \(error.limit) bytes")
        }
    }

    private static func isEventStream(_ response: HTTPResponse) -> Bool {
        let type = response.headers["Content-Type"]?.prefix { $0 != ";" && $0 != " " }
        return type?.lowercased() == "text/event-stream"
    }

    /// Reports the event, or gives the envelope that it carries.
    private static func take(
        _ event: ServerSentEvent, _ report: @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> JSONValue? {
        if event.type == "done" || event.type == "error" {
            return try HTTPTransport.envelope(in: Array(event.data.utf8), status: 200)
        }
        let content: JSONValue
        do throws(JSONError) {
            content = try JSONValue(parsing: event.data)
        } catch {
            content = .string(event.data)
        }
        await report(.other(kind: event.type, content: content))
        return nil
    }
}
