import BLAKE3
import DeploymentModel
import JSON
import WebSocket

/// The runs that the battery is made of.
extension Conformance {
    /// A whole mock run: frames, envelope, index, bytes. Gives the ids of what was written, by name.
    func mockRun(_ placed: PlacedContainer) async throws(Failure) -> [String: ContentID] {
        let id = Self.executionID()
        let invocation = Invocation(
            ref: .processor(processor.ref), mode: .mock, inputs: processor.smokeInputs,
            writePrefix: try Self.prefix(id),
            executionID: id, declared: processor.outputs.files, image: image?.digest, platform: platform,
            timeout: .seconds(processor.runtime.timeoutSeconds))
        guard let uploads = try placed.uploads() else {
            throw Failure(.sandbox, "the processor reaches no address here, so its outputs can't be checked")
        }
        let stage = try await adapter.surroundings.world.stage()
        let result: Result<[String: ContentID], Failure>
        do throws(Failure) {
            result = .success(
                try await ArtifactReceiver.serving(
                    at: uploads, for: processor.outputs.files.map(\.path), storingIn: stage
                ) { receiver throws(Failure) in
                    let checked = try await ProcessorInvoker(adapter: "local", clock: adapter.surroundings.clock).run(
                        invocation, at: placed.endpoint, over: adapter.transport(for: processor.api), receiver: receiver
                    )
                    if case .error(let code, let message) = checked.envelope.outcome {
                        throw Failure(.badResponse, "it answered \(code): \(message)")
                    }
                    guard !receiver.received.isEmpty || checked.envelope.outputs.isEmpty else {
                        throw Failure(.outputMismatch, "it names outputs and uploaded none of them")
                    }
                    return receiver.received.outputs.mapValues(\.contentID)
                })
        } catch { result = .failure(error) }
        await adapter.surroundings.world.discard(stage)
        return try result.get()
    }

    /// Sends a payload as it is; the envelope as it came.
    func send(
        _ members: [String: JSONValue], to placed: PlacedContainer,
        report: @escaping @Sendable (ProcessorEvent) async -> Void = { _ in }
    ) async throws(Failure) -> JSONValue {
        let id = Self.executionID()
        var payload: [String: JSONValue] = [
            "execution_id": .string(id.description), "inputs": processor.smokeInputs,
            "write_prefix": .string(try Self.prefix(id).text),
        ]
        payload.merge(members) { _, new in new }
        let read = try RunPayload(reading: .object(payload))
        let late = Failure(.timeout, "it gave no answer within 30 seconds")
        return try await withDeadline(.seconds(30), clock: adapter.surroundings.clock, failing: late) {
            () async throws(Failure) in
            try await adapter.transport(for: processor.api).run(read, at: placed.endpoint, report: report)
        }
    }

    static func expect(_ answer: JSONValue, code: String) -> ConformanceOutcome {
        let found = answer["error"]?["code"]?.stringValue
        if answer["status"] == "error", found == code { return .passed }
        return .failed("it answered \(found ?? answer["status"]?.stringValue ?? "no envelope"), not \(code)")
    }

    /// Inputs that the schema refuses, if there are any among the usual ones.
    var unfitting: JSONValue? {
        guard let document = processor.inputs else { return nil }
        let registry = registry
        guard
            let schema = try? JSONSchema(
                document, baseURI: SchemaReference.baseOfSpecs, resources: { registry.schema(at: $0) })
        else { return nil }
        let candidates: [JSONValue] = [
            ["schema": 0, "params": 0], [:], ["params": []], ["schema": "v1", "params": ["unheard-of": 1]],
        ]
        return candidates.first { !schema.accepts($0) }
    }

    /// Asks for a run and goes away at its first event, or shortly after it was sent.
    ///
    /// - Returns: whether the run was still under way.
    func cancelledRun(_ placed: PlacedContainer) async -> Bool {
        let (firstEvent, signal) = AsyncStream.makeStream(of: Void.self)
        let task = Task { try await send(["mode": "mock"], to: placed) { _ in signal.yield() } }
        let timer = Task {
            try? await adapter.surroundings.clock.sleep(for: .milliseconds(5))
            signal.yield()
        }
        for await _ in firstEvent { break }
        task.cancel()
        timer.cancel()
        return (try? await task.value) == nil
    }

    /// The right subprotocol is selected, and another one is not.
    func negotiate(_ placed: PlacedContainer) async -> ConformanceOutcome {
        for (name, isRight) in [("theory.run.v1", true), ("theory.run.v0", false)] {
            do {
                let request = try WebSocketRequest(
                    url: placed.endpoint.webSocketURL, subprotocol: name, headers: placed.endpoint.headers)
                try await WebSocketConnection.withConnection(to: request, limits: WebSocketLimits()) { connection in
                    await connection.close(code: .normal)
                }
                if !isRight { return .failed("it selected \(name), which it can't know") }
            } catch {
                if isRight { return .failed("\(error)") }
            }
        }
        return .passed
    }

    private static func executionID() -> ExecutionID {
        var generator = SystemRandomNumberGenerator()
        return ExecutionID(using: &generator)
    }

    private static func prefix(_ id: ExecutionID) throws(Failure) -> WritePrefix {
        try WritePrefix("/artifacts/outputs/{execution_id}/", for: id)
    }
}
