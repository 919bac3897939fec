package import DeploymentModel
import JSON
import Synchronization

/// Tests a processor with one mock run, in a container of its own on this host or where it is deployed.
///
/// A run on this host is believed by the bytes that it uploaded. Modal can't reach this host: there the claims of the
/// envelope have to do, and a warning says so.
package struct ProcessorSmokeTester: SmokeTester {
    private let local: LocalAdapter
    private let modal: ModalAdapter?
    private let registry: RunnableRegistry

    /// - Parameters:
    ///   - local: its world is that of the test alone: what a smoke test writes is nobody's.
    ///   - modal: likewise; `nil` where nothing is deployed to Modal.
    ///   - registry: what the specs of processors refer to.
    package init(local: LocalAdapter, modal: ModalAdapter? = nil, registry: RunnableRegistry) {
        self.local = local
        self.modal = modal
        self.registry = registry
    }

    package func smoke(
        _ request: SmokeRequest, report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> SmokeVerdict {
        switch request.place {
        case .local: return try await smoke(request, by: local, report)
        case .modal(let name):
            guard let modal else {
                throw Failure(
                    .functionNotFound, "\(request.processor.ref) is to be tested on Modal, which is not set up")
            }
            return try await smoke(request, by: modal.deployed(as: name), report)
        }
    }

    /// As `smoke` on this host, with what the processor tells as it comes and the envelope that passed.
    ///
    /// - Parameter warn: gets what is odd, a clause each, also where the test fails.
    package func envelope(
        of request: SmokeRequest, warn: (String) -> Void,
        report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> Envelope {
        try await envelope(of: request, by: local, warn: warn, report: report)
    }

    package func probe(_ request: SmokeRequest) async throws(Failure) {
        var options = AdapterOptions()
        options.withholdsSecrets = true
        options.isIsolated = true
        let result = try await run(request, .real, options, by: local) { _ in }
        if let failure = result.failure { throw failure }
        let ref = request.processor.ref
        let answer: String
        switch result.envelope.outcome {
        case .error(ErrorCode.missingSecret.rawValue, _): return
        case .error(let code, let message): answer = "\(code): \(message)"
        case .success: answer = "with success"
        }
        throw Failure(
            .badResponse, "\(ref) has none of its secrets in mode real, and answered \(answer)",
            remedy: request.processor.secrets.required.first.map {
                "In mode real it has to answer ERR_MISSING_SECRET when \($0) is not there."
            }, detail: result.log)
    }

    package func awaitHealth(of container: ObservedContainer, processor: Processor) async throws(Failure) {
        try await local.awaitHealth(of: container, processor: processor, on: .host)
    }
}

extension ProcessorSmokeTester {
    private func smoke(
        _ request: SmokeRequest, by adapter: some Adapter, _ report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> SmokeVerdict {
        let events = EventCount()
        let envelope = try await envelope(
            of: request, by: adapter, warn: { report("warning: \($0)") },
            report: { event in
                events.add()
                report(event.text)
            })
        return SmokeVerdict(outputs: envelope.outputs.count, events: events.count)
    }

    /// Runs it in mode `mock` and checks the envelope.
    private func envelope(
        of request: SmokeRequest, by adapter: some Adapter, warn: (String) -> Void,
        report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> Envelope {
        let result = try await run(request, .mock, AdapterOptions(), by: adapter, report: report)
        for warning in result.warnings { warn(warning) }
        if let failure = result.failure { throw failure }
        let ref = request.processor.ref
        if case .error(let code, let message) = result.envelope.outcome {
            throw Failure(
                ErrorCode(rawValue: code) ?? .badResponse, "\(ref) answered \(code): \(message)", detail: result.log)
        }
        guard !result.isOnlyClaimed else {
            throw Failure(
                .outputMismatch, "\(ref) names outputs and uploaded none of them",
                remedy: "It has to PUT each declared output, and outputs.json, to the URLs in put_urls.")
        }
        try check(result.envelope, request.processor)
        return result.envelope
    }

    /// Runs the request's image with the inputs of its smoke test.
    private func run(
        _ request: SmokeRequest, _ mode: RunMode, _ options: AdapterOptions, by adapter: some Adapter,
        report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> InvocationResult {
        var processor = request.processor
        processor.pins = [request.platform: request.image]
        var inputs = processor.smokeInputs.objectValue ?? [:]
        inputs["mode"] = .string(mode.rawValue)
        var options = options
        options.platform = request.platform
        options.image = request.build
        let id: ExecutionID
        do throws(GrammarError) {
            id = try ExecutionID(request.executionID)
        } catch { throw Failure(.inputs, error.description) }
        return await adapter.invoke(
            processorRef: processor.ref.description, inputsJSON: .object(inputs),
            writePrefix: "/artifacts/outputs/{execution_id}/", executionID: id,
            registrySnapshot: registry.replacing(processor), adapterOptions: options, report: report)
    }

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
