package import DeploymentModel
package import JSON

/// Runs processors and tools in one place: Docker on this host, Modal, nowhere at all, a child process. All adapters are
/// called alike and answer alike; only what carries a run out differs (contracts "Invocation" and "Envelope and index").
///
/// `invoke` is the uniform call; whoever calls it gets an envelope. `carryOut` is what an adapter implements: one run that
/// was admitted already, whose answer is judged and kept afterwards, by the same code for every adapter.
package protocol Adapter: Sendable {
    /// Its name in fingerprints and evidence.
    var kind: AdapterKind { get }

    /// What all its runs share: the artifact store, the clock, the rules of safety.
    var surroundings: RunSurroundings { get }

    /// The environment on Modal that runs take place in; `nil` where they are elsewhere.
    var modalEnvironment: String? { get }

    /// The platform that runs have where nobody asks for one.
    func defaultPlatform(of processor: Processor) -> Platform

    /// Carries an admitted run out.
    ///
    /// - Parameter report: gets each event as it arrives; the processor waits until it returns.
    /// - Returns: the envelope, checked against the bytes as far as they can be reached, an error of the processor too.
    /// - Throws: `Failure` when there is no envelope that can be believed.
    func carryOut(
        _ run: AdmittedRun, report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> RunAnswer
}

/// The adapters by the name that `--adapter` takes.
package enum AdapterKind: String, Hashable, Sendable, Codable, CaseIterable {
    case local, modal, mock, tool
}

/// What all runs of an adapter share.
package struct RunSurroundings: Sendable {
    package let world: any ArtifactStore
    package let clock: any Clock<Duration>
    /// Whether `CI` is set.
    package let isCI: Bool
    /// The lane that runs, if one does, and what its file says in `allow_real`.
    package let lane: (name: String, allowsReal: Bool)?

    package init(
        world: any ArtifactStore, clock: any Clock<Duration> = ContinuousClock(), isCI: Bool = false,
        lane: (name: String, allowsReal: Bool)? = nil
    ) {
        self.world = world
        self.clock = clock
        self.isCI = isCI
        self.lane = lane
    }
}

/// What came of carrying a run out.
package struct RunAnswer: Sendable {
    package let checked: CheckedEnvelope
    /// The outputs as they were received; `nil` where their bytes can't be reached.
    package let received: ReceivedArtifacts?
    /// What the run used and cost, if it told.
    package let usage: JSONValue?
    /// The last lines that the processor logged, where the envelope is an error.
    package let log: String?
    /// Whether claims about outputs have to do, because nothing of this place can ever be fetched: what takes their bytes
    /// to judge is left out, and said.
    package let claimsSuffice: Bool

    package init(
        _ checked: CheckedEnvelope, received: ReceivedArtifacts? = nil, usage: JSONValue? = nil, log: String? = nil,
        claimsSuffice: Bool = false
    ) {
        self.checked = checked
        self.received = received
        self.usage = usage
        self.log = log
        self.claimsSuffice = claimsSuffice
    }
}

extension Adapter {
    package var modalEnvironment: String? { nil }

    /// Runs once and answers with an envelope: the processor's own, checked and completed, or one that says what went
    /// wrong. Outputs of a success are in the world when it returns; nothing is kept of a run that failed.
    ///
    /// The parameters are those of the seeds, word for word.
    ///
    /// - Parameters:
    ///   - processorRef: `llm/litellm@1`, or the id of a tool.
    ///   - inputsJSON: the inputs, and beside them `mode`, which is `mock` or `real` and never guessed.
    ///   - writePrefix: a world path that ends in `/`, below which the run may write; `{execution_id}` in it is expanded.
    ///   - executionID: names the run.
    ///   - registrySnapshot: the registry at the time of the run.
    ///   - adapterOptions: what this run asks of its adapter.
    ///   - secretsPresent: the names of the secrets that there are; values stay outside.
    ///   - report: gets each event as it arrives; the processor waits until it returns.
    package func invoke(
        processorRef: String, inputsJSON: JSONValue, writePrefix: String, executionID: ExecutionID,
        registrySnapshot: RunnableRegistry, adapterOptions: AdapterOptions = AdapterOptions(),
        secretsPresent: [String] = [], report: @escaping @Sendable (ProcessorEvent) async -> Void = { _ in }
    ) async -> InvocationResult {
        let request = RunRequest(
            ref: processorRef, inputs: inputsJSON, writePrefix: writePrefix, executionID: executionID,
            registry: registrySnapshot, options: adapterOptions, secretsPresent: secretsPresent)
        return await RunCourse(self, request).run(report)
    }
}

/// What an invocation gives its caller.
package struct InvocationResult: Sendable {
    package let envelope: Envelope
    /// What could not be checked, or is odd, one clause each.
    package let warnings: [String]
    /// Why there is no envelope of the processor's, with remedy and log; `nil` when there is one.
    package let failure: Failure?
    /// The last lines that the processor logged, where it answered with an error.
    package let log: String?
    /// Whether outputs are only claimed, though they could have been uploaded.
    package var isOnlyClaimed = false
    /// Whether the run had been admitted when it failed: what ended it is the run's own then.
    package var wasAdmitted = false

    /// What comes of a run that could not even be asked for.
    package init(_ failure: Failure, of execution: ExecutionID, by adapter: AdapterKind) {
        self.init(
            envelope: Envelope(
                executionID: execution, outcome: .error(code: failure.code.rawValue, message: failure.message),
                meta: ["env_fingerprint": .string("adapter=\(adapter.rawValue),env_keys_present=[]")]),
            failure: failure)
    }

    init(envelope: Envelope, warnings: [String] = [], failure: Failure? = nil, log: String? = nil) {
        self.envelope = envelope
        self.warnings = warnings
        self.failure = failure
        self.log = log
    }
}

/// One call of the uniform API, unjudged.
struct RunRequest: Sendable {
    let ref: String
    let inputs: JSONValue
    let writePrefix: String
    let executionID: ExecutionID
    let registry: RunnableRegistry
    let options: AdapterOptions
    let secretsPresent: [String]
}
