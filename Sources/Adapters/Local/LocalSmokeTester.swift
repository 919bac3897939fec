package import DeploymentModel
import JSON
import Synchronization

/// Tests an image on this host with one mock run in a container of its own.
package struct LocalSmokeTester: SmokeTester {
    private let adapter: LocalAdapter
    private let registry: RunnableRegistry

    /// - Parameters:
    ///   - adapter: its world is that of the test alone: what a smoke test writes is nobody's.
    ///   - registry: what the specs of processors refer to.
    package init(_ adapter: LocalAdapter, registry: RunnableRegistry) {
        self.adapter = adapter
        self.registry = registry
    }

    package func smoke(
        _ request: SmokeRequest, report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> SmokeVerdict {
        var processor = request.processor
        processor.pins = [request.platform: request.image]
        var inputs = processor.smokeInputs.objectValue ?? [:]
        inputs["mode"] = "mock"
        var options = AdapterOptions()
        options.platform = request.platform
        let id: ExecutionID
        do throws(GrammarError) {
            id = try ExecutionID(request.executionID)
        } catch { throw Failure(.inputs, error.description) }
        let events = EventCount()
        let result = await adapter.invoke(
            processorRef: processor.ref.description, inputsJSON: .object(inputs),
            writePrefix: "/artifacts/outputs/{execution_id}/", executionID: id,
            registrySnapshot: registry.replacing(processor), adapterOptions: options
        ) { event in
            events.add()
            report(event.text)
        }
        for warning in result.warnings { report("warning: \(warning)") }
        if let failure = result.failure { throw failure }
        if case .error(let code, let message) = result.envelope.outcome {
            throw Failure(
                ErrorCode(rawValue: code) ?? .badResponse, "\(processor.ref) answered \(code): \(message)",
                detail: result.log)
        }
        guard !result.isOnlyClaimed else {
            throw Failure(
                .outputMismatch, "\(processor.ref) names outputs and uploaded none of them",
                remedy: "It has to PUT each declared output, and outputs.json, to the URLs in put_urls.")
        }
        try check(result.envelope, processor)
        return SmokeVerdict(outputs: result.envelope.outputs.count, events: events.count)
    }

    package func probe(_ request: SmokeRequest) async throws(Failure) {
        var processor = request.processor
        processor.pins = [request.platform: request.image]
        var inputs = processor.smokeInputs.objectValue ?? [:]
        inputs["mode"] = "real"
        var options = AdapterOptions()
        options.platform = request.platform
        options.withholdsSecrets = true
        options.isIsolated = true
        let id: ExecutionID
        do throws(GrammarError) {
            id = try ExecutionID(request.executionID)
        } catch { throw Failure(.inputs, error.description) }
        let result = await adapter.invoke(
            processorRef: processor.ref.description, inputsJSON: .object(inputs),
            writePrefix: "/artifacts/outputs/{execution_id}/", executionID: id,
            registrySnapshot: registry.replacing(processor), adapterOptions: options)
        let answer: String
        switch result.envelope.outcome {
        case .error(ErrorCode.missingSecret.rawValue, _) where result.failure == nil: return
        case .error(let code, let message): answer = "\(code): \(message)"
        case .success: answer = "success"
        }
        if let failure = result.failure, failure.code != .missingSecret { throw failure }
        throw Failure(
            .badResponse, "\(processor.ref) has none of its secrets and answered \(answer)",
            remedy:
                "In mode real it has to answer ERR_MISSING_SECRET when \(processor.secrets.required[0]) is not there.",
            detail: result.log)
    }

    package func awaitHealth(of container: ObservedContainer, processor: Processor) async throws(Failure) {
        try await adapter.awaitHealth(of: container, processor: processor, on: .host)
    }
}

extension LocalSmokeTester {
    /// What the spec expects of the envelope, as a JSON Schema.
    private func check(_ envelope: Envelope, _ processor: Processor) throws(Failure) {
        guard let expectation = processor.smoke.expect else { return }
        let violations: [SchemaViolation]
        do throws(JSONSchemaError) {
            violations = try JSONSchema(
                expectation, baseURI: SchemaReference.baseOfSpecs, resources: { registry.schema(at: $0) }
            ).validate(envelope.json)
        } catch { throw Failure(.spec, "'smoke.expect' of \(processor.ref) is no JSON Schema: \(error)") }
        guard !violations.isEmpty else { return }
        throw Failure(
            .badResponse, "the envelope of \(processor.ref) is not what its 'smoke.expect' says",
            detail: violations.map(\.description).joined(separator: "\n"))
    }
}

private final class EventCount: Sendable {
    private let value = Atomic(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add() { value.add(1, ordering: .relaxed) }
}
