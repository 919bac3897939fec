package import DeploymentModel
import JSON

/// Runs a processor that is up and healthy, over whatever transport it speaks, and checks its envelope.
package struct ProcessorInvoker: Sendable {
    /// The adapter's name in fingerprints: `local`, `modal`.
    private let adapter: String
    private let modalEnvironment: String?
    private let clock: any Clock<Duration>

    package init(adapter: String, modalEnvironment: String? = nil, clock: any Clock<Duration> = ContinuousClock()) {
        self.adapter = adapter
        self.modalEnvironment = modalEnvironment
        self.clock = clock
    }

    /// Runs once; gives the processor's envelope, its error too.
    ///
    /// - Parameters:
    ///   - receiver: takes the outputs, where the processor can reach it.
    ///   - report: gets each event as it arrives; the processor waits until it returns.
    /// - Throws: `Failure`: `ERR_TIMEOUT` when the invocation's time is over, else what transport and check throw.
    package func run(
        _ invocation: Invocation, at endpoint: ProcessorEndpoint, over transport: any ProcessorTransport,
        receiver: ArtifactReceiver? = nil, report: @escaping @Sendable (ProcessorEvent) async -> Void = { _ in }
    ) async throws(Failure) -> CheckedEnvelope {
        let payload = RunPayload(
            executionID: invocation.executionID, mode: invocation.mode, inputs: invocation.inputs,
            writePrefix: invocation.writePrefix, putURLs: receiver?.putURLs)
        let timeout = Failure(.timeout, "\(invocation.ref) did not finish within \(invocation.timeout)")
        let (answer, took) = try await Self.measuring(clock) { () async throws(Failure) in
            try await withDeadline(invocation.timeout, clock: clock, failing: timeout) { () async throws(Failure) in
                try await transport.run(payload, at: endpoint, report: report)
            }
        }
        let claimed = try Envelope(reading: answer, of: invocation.executionID)
        let check = EnvelopeCheck(
            executionID: invocation.executionID, writePrefix: invocation.writePrefix, declared: invocation.declared,
            image: invocation.image)
        let checked = try check.check(claimed, received: receiver?.received)
        let envelope = Envelope(
            executionID: claimed.executionID, outcome: checked.envelope.outcome,
            meta: meta(of: invocation, claimed: claimed.meta, took: took))
        return CheckedEnvelope(envelope: envelope, warnings: checked.warnings)
    }

    /// Runs `body` and tells how long it took.
    static func measuring<Value>(
        _ clock: some Clock<Duration>, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> (Value, Duration) {
        let start = clock.now
        let value = try await body()
        return (value, start.duration(to: clock.now))
    }

    private static let ownMeta: Set = ["memo", "sandbox", "exit_code", "isolation", "observed_image_id", "app_version"]

    /// What the adapter knows, on top of what the processor says of itself. Its own fingerprint is kept as a claim.
    private func meta(
        of invocation: Invocation, claimed: [String: JSONValue], took: Duration
    ) -> [String: JSONValue] {
        // What only an adapter can know is not taken from a processor.
        var meta = claimed.filter { !Self.ownMeta.contains($0.key) }
        if meta["duration_ms"] == nil {
            meta["duration_ms"] = .integer(Int64((took / .milliseconds(1)).rounded()))
        }
        meta["processor_env_fingerprint"] = claimed["env_fingerprint"]
        let fingerprint = EnvironmentFingerprint(
            adapter: adapter, keysPresent: invocation.secretsPresent, image: invocation.image,
            modalEnvironment: modalEnvironment, mode: invocation.mode, platform: invocation.platform)
        meta["env_fingerprint"] = .string(fingerprint.description)
        if let image = invocation.image { meta["image_digest"] = .string(image.description) }
        return meta
    }
}
