import DeploymentModel
import OCI
import Reconciliation
import RegistryCatalog

/// Taking over into one environment what another one has tested.
struct Promoting {
    private let repository: WorkspaceOptions
    private let from: String
    private let to: String
    private let source: Workspace
    let target: Workspace

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
                environment: from, registry: source.environment.registry, records: try await session.records(),
                findings: drift.findings),
            to: Promotion.Destination(
                environment: to, registry: target.environment.registry, target: target.environment.target,
                records: target.records,
                gate: target.environment.gate, approvals: try await target.approvals(of: wanted)),
            refs: refs.isEmpty ? nil : refs, now: Session.now())
    }

    /// Copies what has to be copied, and then records what the target wants from now on, under a lease of it.
    ///
    /// - Parameters:
    ///   - width: how many processors are copied at once.
    ///   - report: gets a line per copied blob.
    /// - Returns: why some are not taken over after all: another run works on them, or their images can't be copied.
    func take(
        _ promotion: Promotion, atOnce width: Int, report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> [ProcessorRef: Failure] {
        guard !promotion.items.isEmpty else { return [:] }
        let session = try await Session(target, repository.at(to))
        var failures: [ProcessorRef: Failure] = [:]
        try await session.changing(
            promotion.items.map(\.ref), what: "promote", more: " from \(from)\n\nPinion-Promoted-From: \(from)"
        ) { leased throws(Failure) in
            failures = leased.refused
            var items = promotion.items.filter { leased.refused[$0.ref] == nil }
            // It was judged by what was there before the lease.
            for item in items where leased.records[item.ref] != target.records[item.ref] {
                failures[item.ref] = Failure(
                    .lease, "another run changed the record of \(item.ref) in '\(to)' meanwhile",
                    remedy: "Run it again: it is judged by what is there now.")
            }
            items.removeAll { failures[$0.ref] != nil }
            for (ref, failure) in await copy(items, by: session.registry, atOnce: width, report) {
                failures[ref] = failure
            }
            return items.filter { failures[$0.ref] == nil }.map { $0.record(over: leased.records[$0.ref]) }
        }
        return failures
    }

    /// Copies the images of some items into the target's OCI registry.
    ///
    /// - Returns: what failed, by ref.
    private func copy(
        _ items: [Promotion.Item], by registry: OCIRegistryClient, atOnce width: Int,
        _ report: @escaping @Sendable (String) -> Void
    ) async -> [ProcessorRef: Failure] {
        await withTaskGroup(of: (ProcessorRef, Failure?).self) { group in
            var (failures, waiting) = ([ProcessorRef: Failure](), items[...])
            func addNext() {
                guard let item = waiting.popFirst() else { return }
                group.addTask {
                    do throws(Failure) {
                        for copy in item.copies {
                            report("  \(item.ref)  copy \(copy.from) to \(copy.to.repository)")
                            try await registry.copy(copy.from, to: copy.to, tag: copy.tag) { line in
                                report("  \(item.ref)  \(line)")
                            }
                        }
                        return (item.ref, nil)
                    } catch { return (item.ref, error) }
                }
            }
            for _ in 0..<width { addNext() }
            for await (ref, failure) in group {
                failures[ref] = failure
                addNext()
            }
            return failures
        }
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
