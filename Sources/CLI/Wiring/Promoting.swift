import DeploymentModel
import Reconciliation
import RegistryCatalog

/// Taking over into one environment what another one has tested.
struct Promoting {
    private let repository: WorkspaceOptions
    private let from: String
    private let to: String
    private let source: Workspace
    private let target: Workspace

    /// - Throws: `Failure` with `ERR_PREDICATE` where the one takes nothing over from the other.
    init(_ repository: WorkspaceOptions, from: String, to: String) async throws(Failure) {
        self.repository = repository
        self.from = from
        self.to = to
        source = try await Workspace(repository.at(from))
        target = try await Workspace(repository.at(to))
        try check()
    }

    private func check() throws(Failure) {
        guard target.environment.promotesFrom == from else {
            let allowed = target.environment.promotesFrom.map { "it promotes from '\($0)'" }
            throw Failure(
                .predicate, "'\(to)' takes nothing over from '\(from)': \(allowed ?? "it follows a branch")",
                remedy: allowed == nil
                    ? "Write 'promotes_from: \(from)' for it in \(EnvironmentSpec.file)." : "Promote from there.")
        }
        // Other images would be other bytes, and their copies are not made here.
        guard source.environment.registry == target.environment.registry else {
            throw Failure(
                .predicate, "'\(from)' and '\(to)' have different OCI registries",
                remedy: "Let both name the same one in \(EnvironmentSpec.file).")
        }
    }

    /// What may be taken over, and what not.
    ///
    /// - Parameter refs: these alone; none for all that the source runs.
    func judge(_ refs: [ProcessorRef]) async throws(Failure) -> Promotion {
        let session = try await Session(source, repository.at(from))
        let drift = try await session.drift()
        let wanted = source.records.filter { refs.isEmpty || refs.contains($0.key) }
        return Promotion(
            from: Promotion.Source(
                environment: from, records: try await session.records(), findings: drift.findings),
            to: Promotion.Destination(
                environment: to, target: target.environment.target, records: target.records,
                gate: target.environment.gate, approvals: try await target.approvals(of: wanted)),
            refs: refs.isEmpty ? nil : refs, now: Session.now())
    }

    /// Records what the target wants from now on.
    func record(_ promotion: Promotion) async throws(Failure) {
        guard !promotion.items.isEmpty else { return }
        let session = try await Session(target, repository.at(to))
        let names = promotion.items.map(\.ref.description).joined(separator: ", ")
        try await session.record(
            promotion.items.map { item in
                // What was tested on this host holds for the same bytes wherever they are deployed.
                let proven = item.evidence.filter { $0.adapter == "local" }
                let record =
                    target.records[item.ref]
                    ?? RefRecord(ref: item.ref, desired: item.revision, applied: nil, binding: nil, evidence: [])
                let kept = record.evidence.filter { old in !proven.contains { $0.isOfSameKind(as: old) } }
                return record.wanting(item.revision, hold: nil).proven(by: kept + proven)
            }, message: "\(to): promote \(names) from \(from)\n\nPinion-Promoted-From: \(from)")
    }
}

extension WorkspaceOptions {
    /// The same for another environment.
    func at(_ environment: String) -> WorkspaceOptions {
        var options = self
        options.env = environment
        return options
    }
}
