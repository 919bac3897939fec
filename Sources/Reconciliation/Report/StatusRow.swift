package import DeploymentModel

/// What is recorded of one ref, beside what was seen.
package struct StatusRow: Hashable, Sendable, Codable {
    package enum State: String, Hashable, Sendable, Codable {
        /// The recorded image runs.
        case running
        /// Recorded, but nothing of it runs.
        case stopped
        /// Something runs that is not what the record says.
        case drifted
        /// Desired by the registry, but never brought up.
        case absent
        /// Runs, but no spec asks for it.
        case orphaned
        /// Neither container engine nor Modal answers.
        case unknown
    }

    package let ref: ProcessorRef
    package let state: State
    package let digest: Digest?
    package let commit: String?
    /// Where its server is reached: `http://127.0.0.1:port`, or the URL of its endpoint on Modal.
    package let address: String?
    /// Claims that the record holds evidence of a passed test.
    package let isTested: Bool
    /// The rollback that keeps it where it is; `nil` where nothing does.
    package let hold: RefRecord.Hold?
    /// Where the last try to bring up what is wanted ended; `nil` where it is up, or no try failed.
    package let failure: FailedStep?

    /// The rows of everything that is desired, recorded, or runs in one of its containers, sorted by ref. Apps that are
    /// neither desired nor recorded are somebody else's.
    ///
    /// - Parameter failures: where the last tries to bring processors up ended.
    package static func rows(
        desired: DesiredState, records: [ProcessorRef: RefRecord], deployed: Deployed?,
        failures: [ProcessorRef: FailedStep] = [:]
    ) -> [StatusRow] {
        let wanted = Dictionary(desired.processors.map { ($0.ref, $0) }) { first, _ in first }
        var running: [ProcessorRef: [ObservedContainer]] = [:]
        if case .containers(let containers) = deployed {
            running = Dictionary(grouping: containers.filter(\.isRunning), by: \.ref)
        }
        return Set(wanted.keys).union(records.keys).union(running.keys).sorted().map { ref in
            let record = records[ref]
            var (state, address): (State, String?) =
                switch deployed {
                case .containers: seen(running[ref] ?? [], record)
                case .functions(let audit): seen(audit, wanted[ref], record)
                case nil: (.unknown, nil)
                }
            if desired.isComplete, wanted[ref] == nil, state == .running || state == .drifted { state = .orphaned }
            let isUp = state == .running && wanted[ref]?.isApplied(record) ?? true
            let platform = record?.binding?.platform ?? (desired.target == .modal ? .amd64 : .host)
            return StatusRow(
                ref: ref, state: state, digest: record?.applied?.pins[platform]?.digest,
                commit: record?.applied?.commit, address: address, isTested: record?.evidence.isEmpty == false,
                hold: record?.hold, failure: isUp ? nil : failures[ref])
        }
    }

    /// What was seen of an environment.
    package enum Deployed: Sendable {
        /// Its own containers.
        case containers([ObservedContainer])
        case functions(FunctionAudit)
    }

    private static func seen(_ own: [ObservedContainer], _ record: RefRecord?) -> (State, String?) {
        let same = own.filter { $0.imageID == record?.binding?.imageID }
        let bound = same.first { $0.name == record?.binding?.name } ?? same.first
        let state: State =
            if bound != nil { .running } else if !own.isEmpty { .drifted } else { down(record) }
        return (state, (bound ?? own.first)?.hostPort.map { "http://127.0.0.1:\($0)" })
    }

    private static func seen(
        _ audit: FunctionAudit, _ desired: DesiredProcessor?, _ record: RefRecord?
    ) -> (State, String?) {
        guard let app = (desired?.function?.app ?? record?.binding?.name).flatMap({ audit.apps[$0] }) else {
            return (down(record), nil)
        }
        let function = app.functions.first { $0.name == desired?.function?.function } ?? app.functions.first
        guard let desired, let name = desired.function, let image = record?.applied?.pins[.amd64] else {
            return (.drifted, function?.url)
        }
        let secrets = MountedSecrets(of: desired.processor, in: audit.secrets, [:])
        let findings = FunctionComparison(
            desired.processor, name: name, image: image, secrets: secrets.mounted, app: app,
            recorded: record?.binding
        ).findings()
        return (findings.isEmpty ? .running : .drifted, function?.url)
    }

    private static func down(_ record: RefRecord?) -> State { record?.applied == nil ? .absent : .stopped }
}
