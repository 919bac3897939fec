package import DeploymentModel
package import HTTP
package import JSON
import WebSocket

/// Runs processors where they are deployed on Modal.
///
/// It runs nothing before it has seen that the pinned digest is what is deployed: the digest of the app's tags is compared
/// with the pin, and the image that the function has with the one that is bound to that digest (contract "Modal"). After
/// the run it looks again, so that an answer is never taken for that of another deployment.
///
/// Modal can't reach this host, so outputs are not uploaded: what the envelope says of them is a claim.
package struct ModalAdapter: Adapter {
    /// How long a container may take to come beside its server's own start: to be placed, its image pulled.
    static let coldStart = Duration.seconds(300)
    /// The largest message that Modal lets through, either way, in bytes.
    static let messageBytes = 2 << 20

    package let kind = AdapterKind.modal
    package let surroundings: RunSurroundings
    package let modalEnvironment: String?
    /// The environment as Pinion calls it, for the commands in advice.
    let environment: String
    let platform: any FunctionPlatform
    private(set) var names: @Sendable (ProcessorRef) throws(Failure) -> FunctionName
    let proxyKeys: ProxyKeys?
    let client: HTTPClient

    /// - Parameters:
    ///   - platform: the environment on Modal; it tells where functions answer.
    ///   - environment: the environment's name, as `--env` takes it.
    ///   - modalEnvironment: the name that it has on Modal, for fingerprints.
    ///   - proxyKeys: for private endpoints; they go there, as header fields, and nowhere else.
    ///   - names: the names under which a processor is deployed.
    package init(
        platform: any FunctionPlatform, environment: String, modalEnvironment: String, surroundings: RunSurroundings,
        proxyKeys: ProxyKeys?, client: HTTPClient = .shared,
        names: @escaping @Sendable (ProcessorRef) throws(Failure) -> FunctionName
    ) {
        self.platform = platform
        self.environment = environment
        self.modalEnvironment = modalEnvironment
        self.surroundings = surroundings
        self.proxyKeys = proxyKeys
        self.client = client
        self.names = names
    }

    /// The same adapter for what is deployed under this name.
    func deployed(as name: FunctionName) -> ModalAdapter {
        var adapter = self
        adapter.names = { _ in name }
        return adapter
    }

    package func defaultPlatform(of processor: Processor) -> Platform { .amd64 }

    /// The names of the secrets that the deployed function mounts: those that a run in mode `real` has.
    ///
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when it is not deployed, and what the platform throws.
    package func secretsPresent(for ref: ProcessorRef) async throws(Failure) -> [String] {
        try await lookUp(ref, try names(ref)).secrets
    }

    package func carryOut(
        _ run: AdmittedRun, report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> RunAnswer {
        guard case .processor(let processor) = run.target else {
            throw Failure(.functionNotFound, "\(run.invocation.ref) is no processor")
        }
        // A real run that claims to be cut off is exempt from the guard of CI: it must be.
        guard !run.options.isIsolated, !run.options.withholdsSecrets else {
            throw Failure(.sandbox, "a function on Modal can't be cut off from its secrets and the network")
        }
        guard run.options.attachments.isEmpty else {
            throw Failure(
                .inputs, "attached files stay on this host, where a function on Modal does not reach them",
                remedy: "Put their contents or a URL into the inputs, or use --adapter local.")
        }
        guard let image = run.invocation.image else { throw Self.unpinned(processor, on: run.invocation.platform) }
        return try await filtered { filter throws(Failure) in
            let deployment = try await deployment(of: processor, of: image, on: run.invocation.platform)
            let (checked, changes) = try await using(deployment) { () async throws(Failure) in
                let invoker = ProcessorInvoker(
                    adapter: kind.rawValue, modalEnvironment: modalEnvironment, clock: surroundings.clock)
                return try await invoker.run(
                    run.invocation, at: deployment.endpoint, over: transport(for: processor)
                ) { await report(filter($0)) }
            }
            return try filter(Self.told(checked, by: deployment.function, changes))
        }
    }

    /// The answer with what was observed of the deployment.
    private static func told(
        _ checked: CheckedEnvelope, by function: FunctionEndpoint, _ changes: [String]
    ) -> RunAnswer {
        var meta = checked.envelope.meta
        meta["observed_image_id"] = .string(function.imageID)
        meta["app_version"] = .integer(Int64(function.version))
        let envelope = Envelope(
            executionID: checked.envelope.executionID, outcome: checked.envelope.outcome, meta: meta)
        let claims =
            envelope.outputs.isEmpty
            ? [] : ["the outputs are only claimed: Modal can't reach this host, so none was uploaded"]
        return RunAnswer(
            CheckedEnvelope(envelope: envelope, warnings: claims + checked.warnings + changes), claimsSuffice: true)
    }

    /// Runs `body`, and takes the proxy keys out of why it failed.
    func filtered<Value: Sendable>(
        _ body: (SecretFilter) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let filter = proxyKeys?.filter ?? SecretFilter([:])
        do throws(Failure) { return try await body(filter) } catch { throw filter(error) }
    }

    func transport(for processor: Processor) -> any ProcessorTransport {
        switch processor.api.transport {
        case .ws:
            var limits = WebSocketLimits()
            limits.messageBytes = Self.messageBytes
            // A further container may be started for this very connection.
            limits.connect = Self.patience(with: processor)
            return WebSocketTransport(
                dialect: processor.api.dialect == .request ? .request : .run, limits: limits, client: client)
        case .http: return EventStreamTransport(client: client)
        }
    }

    static func patience(with processor: Processor) -> Duration {
        coldStart + .seconds(processor.smoke.startupSeconds)
    }

    static func unpinned(_ processor: Processor, on platform: Platform) -> Failure {
        Failure(
            .imageUnpinned, "\(processor.ref) is not pinned for \(platform.oci)",
            remedy: "Pin it: pinion pin \(processor.ref)")
    }
}

extension ModalAdapter: TransportAdapter {
    package func invoke(
        ref processor: Processor, payload: JSONValue, timeout: Duration, oci: [Platform: ImageReference],
        stream: (@Sendable (ProcessorEvent) async -> Void)? = nil, platform: Platform? = nil
    ) async throws(Failure) -> JSONValue {
        let platform = platform ?? defaultPlatform(of: processor)
        guard let image = oci[platform]?.digest else { throw Self.unpinned(processor, on: platform) }
        let payload = try RunPayload(reading: payload)
        return try await filtered { filter throws(Failure) in
            let deployment = try await deployment(of: processor, of: image, on: platform)
            let late = Failure(.timeout, "\(processor.ref) did not finish within \(timeout)")
            let (answer, _) = try await using(deployment) { () async throws(Failure) in
                try await withDeadline(timeout, clock: surroundings.clock, failing: late) {
                    () async throws(Failure) in
                    try await transport(for: processor).run(payload, at: deployment.endpoint) {
                        await stream?(filter($0))
                    }
                }
            }
            return filter(answer)
        }
    }
}
