import DeploymentModel
import Git
import Reconciliation
import Records
import RegistryCatalog

/// Follows a processor from an environment back to the branch, and finds the first link that is missing. It reads git and
/// nothing else.
struct WhyChain {
    let ref: ProcessorRef
    /// The environments, the one that is asked about first; each takes over from the next.
    let environments: [EnvironmentSpec]
    /// Of the commit that the last environment reads.
    let catalog: Catalog
    /// The processor there; `nil` where it is not in the catalog, or its build can't be told.
    let build: ProcessorBuild?
    /// Has the specs.
    let references: SharedReferences
    /// Has the records and the approvals.
    let state: SharedReferences
    /// By environment: the records of what it has of this processor.
    let store: (EnvironmentSpec) -> GitStateStore
    /// The runs on this host that did not do all they should in an environment.
    let unfinishedRuns: (EnvironmentSpec) async -> UnfinishedRuns
    /// Seconds since 1970.
    let now: Int

    private var spec: ProcessorSpec? { catalog.processors.first { $0.ref == ref } }

    /// From the branch on.
    func stages() async throws(Failure) -> [(stage: WhyStage, record: RefRecord?)] {
        var stages: [(WhyStage, RefRecord?)] = []
        var source: (spec: EnvironmentSpec, record: RefRecord?)?
        for (index, environment) in environments.enumerated().reversed() {
            let store = store(environment)
            let record = try await store.records(of: environment.name)[ref]
            let past = try await store.past(of: ref, in: environment.name)
            var stage = WhyStage(environment)
            if let record { Self.enter(record, past, into: &stage) }
            stage.lease = try await store.leases(of: environment.name).first { $0.refs.contains(ref) }
            stage.evidence = proofs(record, past, of: environment, for: index == 0 ? nil : environments[index - 1])
            let approvals =
                if let source { try await self.approvals(of: source.record, for: environment) } else { [String]() }
            if let from = environment.promotesFrom, let entry = Self.since(past, { $0.desired.isSame(as: $1.desired) })
            {
                stage.promotion = WhyStage.Promotion(
                    from: entry.trailer("Pinion-Promoted-From") ?? from, record: WhyStage.Entry(entry),
                    approvals: approvals)
            }
            if let source {
                stage.block = await promotionBlock(record, from: source, to: environment, approvals, lease: stage.lease)
                if let record, let applied = source.record?.applied, !record.desired.hasSameContent(as: applied) {
                    stage.next = WhyStage.Next(
                        revision: WhyStage.Revision(applied),
                        blocks: refusals(from: source, to: environment, record: record, approvals))
                }
            } else {
                stage.block = try await branchBlock(record, environment, store, lease: stage.lease)
                if record != nil, let link = stage.block?.link, [.build, .pin, .deployment].contains(link),
                    try !isRecorded(record)
                {
                    stage.waiting = catalog.commit.id.hex
                }
            }
            stage.isSettled = stage.block == nil
            stages.append((stage, record))
            source = (environment, record)
        }
        return stages
    }

    // MARK: - What is recorded

    private static func enter(
        _ record: RefRecord, _ past: [(commit: Commit, record: RefRecord)], into stage: inout WhyStage
    ) {
        stage.wants = WhyStage.Revision(record.desired)
        stage.runs = record.applied.map { WhyStage.Revision($0) }
        stage.hold = record.hold.map {
            WhyStage.Hold(
                by: $0.by, since: Timestamp(seconds: $0.since).text, reason: $0.reason, from: WhyStage.Revision($0.from)
            )
        }
        if let binding = record.binding, let entry = since(past, { $0.binding == $1.binding }) {
            stage.deployment = WhyStage.Deployment(
                name: binding.name, function: binding.function, version: binding.version,
                record: WhyStage.Entry(entry))
        }
    }

    /// The commit since which the newest record has been like this.
    private static func since(
        _ past: [(commit: Commit, record: RefRecord)], _ isSame: (RefRecord, RefRecord) -> Bool
    ) -> Commit? {
        guard let newest = past.first?.record else { return nil }
        return past.prefix { isSame($0.record, newest) }.last?.commit
    }

    /// The evidence of what runs (else of what is wanted), and what a gate asks for and is not there.
    ///
    /// - Parameter next: the environment that takes over from this one.
    private func proofs(
        _ record: RefRecord?, _ past: [(commit: Commit, record: RefRecord)], of environment: EnvironmentSpec,
        for next: EnvironmentSpec?
    ) -> [WhyStage.Proof] {
        guard let record else { return [] }
        let revision = record.applied ?? record.desired
        let digests = Set(revision.pins.values.compactMap(\.digest))
        func own(_ record: RefRecord) -> [Evidence] {
            record.evidence.filter { digests.contains($0.digest) && $0.specHash == revision.specHash }
        }
        let needed = next?.gate.proofs(for: next?.target ?? environment.target) ?? []
        func isNeeded(_ proof: Evidence) -> Bool {
            needed.contains { $0.adapter == proof.adapter && $0.mode == proof.mode }
        }
        let there = own(record)
        var proofs = there.map { proof in
            let limit = isNeeded(proof) ? next?.gate.maxAgeSeconds : nil
            return WhyStage.Proof(
                adapter: proof.adapter, mode: proof.mode,
                state: limit.map { now - (proof.testedAt ?? 0) > $0 } == true ? .stale : .fresh,
                platform: proof.platform, digest: proof.digest,
                time: proof.testedAt.map { Timestamp(seconds: $0).text }, isNeeded: isNeeded(proof))
        }
        for proof in needed where !there.contains(where: { $0.adapter == proof.adapter && $0.mode == proof.mode }) {
            let wasThere = past.contains { entry in
                own(entry.record).contains { $0.adapter == proof.adapter && $0.mode == proof.mode }
            }
            proofs.append(
                WhyStage.Proof(
                    adapter: proof.adapter, mode: proof.mode, state: wasThere ? .revoked : .missing, platform: nil,
                    digest: nil, time: nil, isNeeded: true))
        }
        return proofs
    }

    private func approvals(
        of record: RefRecord?, for environment: EnvironmentSpec
    ) async throws(Failure) -> [String] {
        guard let record else { return [] }
        return try await Approvals(of: environment, catalog: catalog, specs: references.repository, in: state)
            .approvals(of: [ref: record])[ref] ?? []
    }

    // MARK: - What is missing

    /// What keeps an environment that takes over from another one from running what it should.
    private func promotionBlock(
        _ record: RefRecord?, from source: (spec: EnvironmentSpec, record: RefRecord?), to environment: EnvironmentSpec,
        _ approvals: [String], lease: Lease?
    ) async -> WhyBlock? {
        if let record { return await applying(record, environment, lease) }
        let refusals = refusals(from: source, to: environment, record: nil, approvals)
        if let first = refusals.first { return first }
        return WhyBlock(
            .promotion, environment.name, "\(source.spec.name) has it, and nobody has promoted it yet",
            remedy: "Promote it: pinion promote --from \(source.spec.name) --to \(environment.name) \(ref)")
    }

    /// What stands in the way of taking over what the source runs now; none when the target wants just that.
    private func refusals(
        from source: (spec: EnvironmentSpec, record: RefRecord?), to environment: EnvironmentSpec, record: RefRecord?,
        _ approvals: [String]
    ) -> [WhyBlock] {
        let judged = Promotion(
            from: Promotion.Source(
                environment: source.spec.name, registry: source.spec.registry,
                records: source.record.map { [ref: $0] } ?? [:], findings: []),
            to: Promotion.Destination(
                environment: environment.name, registry: environment.registry, target: environment.target,
                records: record.map { [ref: $0] } ?? [:], gate: environment.gate, approvals: [ref: approvals]),
            refs: [ref], now: now)
        return judged.refused.flatMap { zip($0.obstacles, $0.failures) }.map { obstacle, failure in
            let link: WhyBlock.Link =
                switch obstacle {
                case .notRun, .unsettled, .drift: .promotion
                case .evidence: .evidence
                case .hold: .hold
                case .approvals: .approval
                }
            return WhyBlock(link, environment.name, failure.message, remedy: failure.remedy)
        }
    }

    /// What is wanted and does not run yet.
    private func applying(_ record: RefRecord, _ environment: EnvironmentSpec, _ lease: Lease?) async -> WhyBlock? {
        if let applied = record.applied, record.desired.isSame(as: applied) { return nil }
        if let lease {
            return WhyBlock(
                .lease, environment.name, lease.refusal(of: [ref], in: environment.name).message,
                remedy: lease.refusal(of: [ref], in: environment.name).remedy)
        }
        let failure = await unfinishedRuns(environment).failure(
            of: ref, spec: record.desired.specHash, keys: record.desired.keys)
        let isTested = record.evidence.contains { record.desired.pins.values.map(\.digest).contains($0.digest) }
        return WhyBlock(
            .deployment, environment.name,
            "it is wanted in \(environment.name) and does not run there"
                + (isTested ? ", though its image has passed a test" : ": no test of its image has passed there"),
            remedy: failure == nil
                ? "See why: pinion reconcile --env \(environment.name)"
                : "Mend that, and then: pinion reconcile --env \(environment.name)",
            failure: failure)
    }

    /// What keeps an environment that reads a branch from running what the branch says.
    private func branchBlock(
        _ record: RefRecord?, _ environment: EnvironmentSpec, _ store: GitStateStore, lease: Lease?
    ) async throws(Failure) -> WhyBlock? {
        let name = environment.name
        let commit = catalog.commit.short
        let mend = "Bring it up: pinion reconcile --env \(name)"
        if let fault = catalog.fault(of: ref) {
            return WhyBlock(.catalog, name, fault.sentence, remedy: fault.fix ?? "See all: pinion validate")
        }
        guard let spec else {
            return WhyBlock(
                .catalog, name, "there is no \(ref) without errors in the registry of \(commit)",
                remedy: record == nil
                    ? "See what there is: pinion validate"
                    : "It still runs. Stop it where nobody needs it: pinion reconcile --env \(name) --prune")
        }
        guard spec.isEnabled else {
            return WhyBlock(
                .catalog, name, "it is disabled in \(spec.path) at \(commit)", remedy: "Remove 'enabled: false'.")
        }
        guard let build else {
            return WhyBlock(
                .inputs, name, "what its build is made of can't be told at \(commit)",
                remedy: "See: pinion explain-key \(ref)")
        }
        let specHash = try spec.processor(pins: nil).specHash
        let isBuilt = build.inputs != nil
        let keys = build.inputs?.keys ?? [:]
        if let record, try isRecorded(record) { return await applying(record, environment, lease) }
        let failure = await unfinishedRuns(environment).failure(of: ref, spec: specHash, keys: keys)
        if let lease {
            let refusal = lease.refusal(of: [ref], in: name)
            return WhyBlock(.lease, name, refusal.message, remedy: refusal.remedy)
        }
        if isBuilt {
            let repository = if let own = spec.image.repository { own } else { try environment.repository(for: ref) }
            let known = try await store.builds(keys.values.map { BuildRecord.ID($0, in: repository) })
            let missing = keys.filter { known[BuildRecord.ID($0.value, in: repository)] == nil }.keys.sorted()
            if !missing.isEmpty {
                let remedy =
                    switch failure {
                    case nil: "Build it: pinion reconcile --env \(name), or pinion push \(ref)"
                    case let failure? where failure.failure == nil: "Go on with it: pinion apply --continue"
                    case _?: "See the whole output: pinion build \(ref) --verbose"
                    }
                return WhyBlock(
                    .build, name,
                    "no build of the inputs of \(commit) is recorded for \(missing.map(\.oci).joined(separator: ", "))",
                    remedy: remedy,
                    failure: failure)
            }
            let pinned = known.values.map(\.image)
            if environment.pins == .commit, Set(pinned) != Set(spec.image.pins.values) {
                return WhyBlock(
                    .pin, name, "it is built, and \(spec.path) at \(commit) does not pin that",
                    remedy: "Pin it: pinion pin \(ref)")
            }
        } else if spec.image.track == nil, spec.image.pins.isEmpty {
            return WhyBlock(
                .pin, name, "it is unpinned: \(spec.path) at \(commit) names no digest, and has no build",
                remedy: "Pin it, or add 'build' or 'image.track'.")
        }
        let reason =
            record == nil
            ? "nothing of it was ever brought up in \(name)"
            : "\(name) was brought up from \((record?.desired.commit ?? "").prefix(7)), and \(commit) wants something else"
        return WhyBlock(.deployment, name, reason, remedy: mend, failure: failure)
    }

    /// Claims that an environment with a branch has recorded what the branch says, or is held elsewhere.
    private func isRecorded(_ record: RefRecord?) throws(Failure) -> Bool {
        guard let record, let spec, let build else { return false }
        let wanted = RefRecord.Revision(
            commit: catalog.commit.short, specHash: try spec.processor(pins: nil).specHash, pins: spec.image.pins,
            keys: build.inputs?.keys ?? [:])
        if record.hold?.keepsAway(wanted) == true { return true }
        return record.desired.specHash == wanted.specHash
            && (build.inputs != nil
                ? record.desired.keys == wanted.keys
                : spec.image.track != nil || record.desired.pins == wanted.pins)
    }
}
