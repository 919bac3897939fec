package import DeploymentModel
import FoundationEssentials
package import HTTP
import JSON
import Synchronization

/// Tests a container on this host with one mock run.
package struct LocalSmokeTester: SmokeTester {
    private static let logLines = 50

    private let engine: any ContainerEngine
    private let folder: String
    private let client: HTTPClient
    private let clock: any Clock<Duration>

    /// - Parameter folder: an existing folder for what processors upload; emptied after each test.
    package init(
        engine: any ContainerEngine, folder: String, client: HTTPClient = .shared,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.engine = engine
        self.folder = folder
        self.client = client
        self.clock = clock
    }

    package func smoke(
        _ request: SmokeRequest, report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> SmokeVerdict {
        do throws(Failure) {
            return try await test(request, report)
        } catch {
            guard [.processor, .transport].contains(error.code.fault), error.detail == nil else { throw error }
            // What is wrong is worth more than why its log can't be had.
            let log = try? await engine.logTail(of: request.containerID, lines: Self.logLines)
            throw Failure(error.code, error.message, remedy: error.remedy, detail: log)
        }
    }

    private func test(
        _ request: SmokeRequest, _ report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> SmokeVerdict {
        let endpoint = ProcessorEndpoint(origin: "http://127.0.0.1:\(request.hostPort)", api: request.api)
        let health = try await HealthWait(client: client, clock: clock).wait(
            for: endpoint, atMost: .seconds(request.startupSeconds)
        ) { () async throws(Failure) in
            switch try await engine.state(of: request.containerID) {
            case .running: nil
            case .exited(let code): "exited with code \(code)"
            case nil: "is gone"
            }
        }
        if let image = request.image.digest, let claim = health.digest, !image.isMeant(by: claim) {
            throw Failure(.registryMismatch, "\(request.ref) says that it runs \(claim), not \(image)")
        }
        let invocation = try Self.invocation(request)
        guard let host = try await engine.gatewayAddress() else {
            report("The outputs are not checked: this host has no address that containers reach.")
            return try await run(invocation, request, endpoint, nil, report)
        }
        let uploads = "\(folder)/\(invocation.executionID)"
        do {
            try FileManager.default.createDirectory(atPath: uploads, withIntermediateDirectories: true)
        } catch {
            throw Failure(.sandbox, "no folder for the outputs of \(request.ref): \(error)")
        }
        defer { try? FileManager.default.removeItem(atPath: uploads) }
        let isServing = Atomic(false)
        do throws(Failure) {
            return try await ArtifactReceiver.serving(
                on: host, for: request.outputs.map(\.path), storingIn: uploads
            ) { receiver async throws(Failure) in
                isServing.store(true, ordering: .relaxed)
                return try await run(invocation, request, endpoint, receiver, report)
            }
        } catch {
            // An engine elsewhere, in a virtual machine perhaps, has a gateway that is no address of this host.
            guard !isServing.load(ordering: .relaxed) else { throw error }
            report("The outputs are not checked: \(error.message).")
            return try await run(invocation, request, endpoint, nil, report)
        }
    }

    private static func invocation(_ request: SmokeRequest) throws(Failure) -> Invocation {
        let id: ExecutionID
        do throws(GrammarError) {
            id = try ExecutionID(request.executionID)
        } catch {
            throw Failure(.inputs, error.description)
        }
        return Invocation(
            ref: request.ref, mode: .mock, inputs: request.inputs,
            writePrefix: try WritePrefix("/artifacts/outputs/{execution_id}/", for: id), executionID: id,
            declared: request.outputs, image: request.image.digest, platform: request.platform,
            timeout: .seconds(request.timeoutSeconds))
    }

    private func run(
        _ invocation: Invocation, _ request: SmokeRequest, _ endpoint: ProcessorEndpoint, _ receiver: ArtifactReceiver?,
        _ report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> SmokeVerdict {
        let transport: any ProcessorTransport =
            switch request.api.transport {
            case .ws: WebSocketTransport()
            case .http: EventStreamTransport(client: client)
            }
        let events = EventCount()
        let checked = try await ProcessorInvoker(adapter: "local", clock: clock).run(
            invocation, at: endpoint, over: transport, receiver: receiver
        ) { event in
            events.add()
            report(event.text)
        }
        for warning in checked.warnings { report("warning: \(warning)") }
        if case .error(let code, let message) = checked.envelope.outcome {
            throw Failure(ErrorCode(rawValue: code) ?? .badResponse, "\(request.ref) answered \(code): \(message)")
        }
        try check(checked.envelope, request)
        return SmokeVerdict(outputs: checked.envelope.outputs.count, events: events.count)
    }
}

extension LocalSmokeTester {
    /// What the spec expects of the envelope, as a JSON Schema.
    private func check(_ envelope: Envelope, _ request: SmokeRequest) throws(Failure) {
        guard let expectation = request.expectation else { return }
        let violations: [SchemaViolation]
        do throws(JSONSchemaError) {
            violations = try JSONSchema(expectation).validate(envelope.json)
        } catch { throw Failure(.spec, "'smoke.expect' of \(request.ref) is no JSON Schema: \(error)") }
        guard !violations.isEmpty else { return }
        throw Failure(
            .badResponse, "the envelope of \(request.ref) is not what its 'smoke.expect' says",
            detail: violations.map(\.description).joined(separator: "\n"))
    }
}

private final class EventCount: Sendable {
    private let value = Atomic(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add() { value.add(1, ordering: .relaxed) }
}
