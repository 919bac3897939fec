import DeploymentModel
import JSON

/// Judges a request before anything is started: everything that can be known to be wrong is refused here.
struct RunAdmission: Sendable {
    /// What a run may take beside its own time, in seconds: pulling, starting.
    static let startupAllowance = 600

    let target: AdmittedRun.Target
    let mode: RunMode
    /// The inputs without `mode`, attachments not yet resolved.
    let inputs: JSONValue
    let writePrefix: WritePrefix
    let platform: Platform
    /// The digest that is meant to run.
    let image: Digest?
    let fingerprint: EnvironmentFingerprint
    let timeoutSeconds: Int
    var executionID: ExecutionID { request.executionID }
    private let request: RunRequest
    private let secrets: [String]
    private let budget: Int

    init(_ adapter: some Adapter, _ request: RunRequest) throws(Failure) {
        self.request = request
        guard var members = request.inputs.objectValue else {
            throw Failure(.inputs, "the inputs are \(request.inputs.kind), not an object")
        }
        mode = try RunMode(adapter: members["mode"])
        members["mode"] = nil
        inputs = .object(members)
        let lane = adapter.surroundings.lane
        // The run that has to refuse by itself costs nothing and reaches nobody.
        if !(request.options.withholdsSecrets && request.options.isIsolated) {
            try mode.check(
                isCI: adapter.surroundings.isCI, lane: lane?.name, laneAllowsReal: lane?.allowsReal ?? false)
        }
        target = try Self.target(request, adapter.kind)
        writePrefix = try WritePrefix(request.writePrefix, for: request.executionID)
        for own in ["/artifacts/execution/", "/artifacts/inputs/"] where writePrefix.text.hasPrefix(own) {
            throw Failure(.prefixTemplate, "the write prefix \(writePrefix) is below \(own), where no run may write")
        }
        switch target {
        case .processor(let processor):
            platform = request.options.platform ?? adapter.defaultPlatform(of: processor)
            if let image = request.options.image {
                self.image = (try? ImageReference(image).digest) ?? (try? Digest(image))
            } else {
                image = processor.pins[platform]?.digest
            }
        case .tool:
            platform = request.options.platform ?? .host
            image = nil
        }
        secrets = try Self.secrets(target, mode, request, on: adapter)
        timeoutSeconds = request.options.timeoutSeconds ?? target.timeoutSeconds
        budget = try AdmissionPredicates(
            mode: mode, image: image, secretsPresent: secrets, withholdsSecrets: request.options.withholdsSecrets,
            policy: request.registry.policy
        ).evaluate(target.predicates.admission)
        fingerprint = EnvironmentFingerprint(
            adapter: adapter.kind.rawValue, keysPresent: secrets, image: image,
            modalEnvironment: adapter.modalEnvironment, mode: mode, platform: platform)
    }

    /// - Parameter inputs: with every attachment in its place.
    func memoKey(_ inputs: JSONValue) throws(Failure) -> MemoKey {
        try MemoKey(ref: target.ref, image: image, specHash: target.specHash, inputs: inputs, mode: mode)
    }

    /// - Throws: `Failure` with `ERR_INPUTS` that lists every violation with its JSON pointer.
    func checkInputs(_ inputs: JSONValue) throws(Failure) {
        guard let document = target.inputsSchema else { return }
        let schema: JSONSchema
        let registry = request.registry
        do throws(JSONSchemaError) {
            schema = try JSONSchema(
                document, baseURI: SchemaReference.baseOfSpecs, resources: { registry.schema(at: $0) })
        } catch { throw Failure(.spec, "'inputs' of \(request.ref) is no JSON Schema: \(error)") }
        let violations = schema.validate(inputs)
        guard let first = violations.first else { return }
        let more = violations.count > 1 ? ", and \(violations.count - 1) more" : ""
        throw Failure(
            .inputs, "the inputs don't fit \(request.ref): \(first)\(more)",
            detail: violations.count > 1 ? violations.map(\.description).joined(separator: "\n") : nil)
    }

    func admit(_ inputs: JSONValue, _ memoKey: MemoKey, in stage: String, mount: String?) -> AdmittedRun {
        let invocation = Invocation(
            ref: target.ref, mode: mode, inputs: inputs, writePrefix: writePrefix, executionID: request.executionID,
            declared: target.declared, image: image, platform: platform, secretsPresent: secrets,
            timeout: .seconds(timeoutSeconds))
        let context = ExecutionContext(
            planID: request.options.planID ?? "", transitionID: request.options.transitionID ?? "",
            executionID: request.executionID, attempt: request.options.attempt,
            snapshotID: request.registry.snapshotID, policy: request.registry.policy, inputs: inputs,
            writeSet: [writePrefix.text], reservedUSDMicro: budget, worldMount: mount, scratchFolder: stage,
            seed: memoKey.seed, memoKey: memoKey.text, fingerprint: fingerprint.description)
        return AdmittedRun(
            target: target, invocation: invocation, context: context, options: request.options,
            registry: request.registry, stage: stage)
    }

    private static func target(_ request: RunRequest, _ kind: AdapterKind) throws(Failure) -> AdmittedRun.Target {
        let ref: RunnableRef
        do throws(GrammarError) {
            ref = try RunnableRef(request.ref)
        } catch {
            let known =
                request.registry.processors.keys.map(\.description) + request.registry.tools.keys.map(\.description)
            throw Failure(
                .inputs, error.description, remedy: Suggestion.text(for: request.ref, among: known.sorted()))
        }
        let registry = request.registry
        switch ref {
        case .processor(let ref):
            guard kind != .tool else {
                throw Failure(
                    .functionNotFound, "\(ref) is a processor, and the tool adapter runs tools",
                    remedy: "Use --adapter local, modal or mock.")
            }
            if let processor = registry.processors[ref] { return .processor(processor) }
            throw unknown(request.ref, registry.processors.keys.sorted().map(\.description))
        case .tool(let id):
            if let tool = registry.tools[id] {
                guard kind == .tool || kind == .mock else {
                    throw Failure(
                        .functionNotFound, "\(id) is a tool, which the adapter \(kind.rawValue) does not run",
                        remedy: "Use --adapter tool or mock.")
                }
                return .tool(tool)
            }
            throw unknown(request.ref, registry.tools.keys.sorted().map(\.description))
        }
    }

    private static func unknown(_ ref: String, _ known: [String]) -> Failure {
        Failure(
            .functionNotFound, "the registry has no \(ref) without errors",
            remedy: Suggestion.text(for: ref, among: known, otherwise: "See what there is with: pinion validate"))
    }

    /// In mode mock no secret is read or injected; in mode real every required one has to be there.
    private static func secrets(
        _ target: AdmittedRun.Target, _ mode: RunMode, _ request: RunRequest, on adapter: some Adapter
    ) throws(Failure) -> [String] {
        guard mode == .real, !request.options.withholdsSecrets else { return [] }
        let present = Set(request.secretsPresent)
        let missing = target.secrets.required.filter { !present.contains($0) }
        guard missing.isEmpty else {
            throw Failure(
                .missingSecret, "\(request.ref) needs \(missing.joined(separator: ", "))",
                remedy: adapter.kind == .modal
                    ? "Its deployment does not mount \(missing.count == 1 ? "it" : "them"): sync secrets and deploy it "
                        + "anew, with pinion modalctl sync-secrets and pinion modalctl start."
                    : "Set \(missing.count == 1 ? "it" : "them") in the environment.")
        }
        return (target.secrets.required + target.secrets.optional).filter(present.contains).sorted()
    }
}

extension RunMode {
    /// The mode that a request names; an adapter never guesses it.
    fileprivate init(adapter value: JSONValue?) throws(Failure) {
        guard let value else {
            throw Failure(
                .modeInvalid, "the inputs name no mode",
                remedy: "Add --mode mock; or --mode real, which has the secrets and the network.")
        }
        guard let text = value.stringValue else {
            throw Failure(.modeInvalid, "the mode is \(value.kind)", remedy: "Use mode mock or real.")
        }
        self = try RunMode(text)
    }
}
