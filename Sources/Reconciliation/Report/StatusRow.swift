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
        /// No container engine answers.
        case unknown
    }

    package let ref: ProcessorRef
    package let state: State
    package let digest: Digest?
    package let commit: String?
    /// Where its server is reached, `http://127.0.0.1:port`.
    package let address: String?
    /// Claims that the record holds evidence of a passed test.
    package let isTested: Bool

    /// The rows of everything that is desired or recorded, sorted by ref. Containers of neither are somebody else's.
    ///
    /// - Parameter containers: `nil` when no engine answered.
    package static func rows(
        desired: DesiredState, records: [ProcessorRef: RefRecord], containers: [ObservedContainer]?
    ) -> [StatusRow] {
        let wanted = Set(desired.processors.map(\.ref))
        return wanted.union(records.keys).sorted().map { ref in
            let record = records[ref]
            let own = (containers ?? []).filter { $0.ref == ref && $0.isRunning }
            let bound = own.first { $0.imageID == record?.binding?.imageID }
            let state: State =
                if containers == nil {
                    .unknown
                } else if desired.isComplete, !wanted.contains(ref), !own.isEmpty {
                    .orphaned
                } else if bound != nil {
                    .running
                } else if !own.isEmpty {
                    .drifted
                } else {
                    record?.applied == nil ? .absent : .stopped
                }
            let platform = record?.binding?.platform ?? .host
            return StatusRow(
                ref: ref, state: state, digest: record?.applied?.pins[platform]?.digest,
                commit: record?.applied?.commit,
                address: (bound ?? own.first)?.hostPort.map { "http://127.0.0.1:\($0)" },
                isTested: record?.evidence.isEmpty == false)
        }
    }
}
