package import DeploymentModel

/// What of one environment may be taken over by another, and what not. Pure: the same facts always give the same verdict.
///
/// The unit is a revision: commit, spec hash and digest pair, just as they were tested (contract "Environments, records and
/// leases").
package struct Promotion: Hashable, Sendable, Codable {
    package struct Item: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        /// What the target will want: what was tested, with the images where its own OCI registry has them.
        package let revision: RefRecord.Revision
        /// The images that have to be copied first.
        package let copies: [ImageCopy]
        /// What the target wants so far; `nil` for the first time.
        package let previous: RefRecord.Revision?
        package let evidence: [Evidence]
        /// Who approved it.
        package let approvals: [String]
    }

    package struct Refusal: Hashable, Sendable, Codable {
        /// What can stand in the way.
        package enum Obstacle: String, Hashable, Sendable, Codable {
            /// The source has never run it.
            case notRun = "not_run"
            /// The source runs another revision than it wants.
            case unsettled
            case drift
            case evidence
            case hold
            case approvals
        }

        package let ref: ProcessorRef
        /// All that stands in the way.
        package let failures: [Failure]
        /// What each of them is about.
        package let obstacles: [Obstacle]
    }

    /// What is known of an environment that is promoted from.
    package struct Source: Sendable {
        let environment: String
        /// Its OCI registry.
        let registry: String
        let records: [ProcessorRef: RefRecord]
        /// What of it is not as it should be.
        let findings: [DriftFinding]

        package init(
            environment: String, registry: String, records: [ProcessorRef: RefRecord], findings: [DriftFinding]
        ) {
            self.environment = environment
            self.registry = registry
            self.records = records
            self.findings = findings
        }
    }

    /// What is known of an environment that is promoted to.
    package struct Destination: Sendable {
        let environment: String
        /// Its OCI registry.
        let registry: String
        let target: Target
        let records: [ProcessorRef: RefRecord]
        let gate: PromotionGate
        /// Who approved which revision.
        let approvals: [ProcessorRef: [String]]

        package init(
            environment: String, registry: String, target: Target, records: [ProcessorRef: RefRecord],
            gate: PromotionGate, approvals: [ProcessorRef: [String]] = [:]
        ) {
            self.environment = environment
            self.registry = registry
            self.target = target
            self.records = records
            self.gate = gate
            self.approvals = approvals
        }
    }

    package let from: String
    package let to: String
    package let items: [Item]
    package let refused: [Refusal]
    package let unchanged: [ProcessorRef]

    /// - Parameters:
    ///   - refs: these alone; `nil` for all that the source has applied.
    ///   - now: seconds since 1970.
    package init(from source: Source, to target: Destination, refs: [ProcessorRef]?, now: Int) {
        from = source.environment
        to = target.environment
        var (items, refused, unchanged): ([Item], [Refusal], [ProcessorRef]) = ([], [], [])
        let placement = ImagePlacement(from: source.registry, to: target.registry)
        for ref in (refs.map { Set($0).sorted() } ?? source.records.keys.sorted()) {
            let record = source.records[ref]
            let previous = target.records[ref]?.desired
            let wanted = (record?.applied).map(placement.revision)
            if let previous, let wanted, previous.isSame(as: wanted) {
                unchanged.append(ref)
                continue
            }
            let judge = Judge(ref: ref, record: record, wanted: wanted, source: source, target: target, now: now)
            let obstacles = judge.obstacles
            guard obstacles.isEmpty, let applied = record?.applied, let wanted else {
                refused.append(Refusal(ref: ref, failures: obstacles.map(\.1), obstacles: obstacles.map(\.0)))
                continue
            }
            items.append(
                Item(
                    ref: ref, revision: wanted, copies: placement.copies(of: applied), previous: previous,
                    evidence: judge.evidence(for: applied), approvals: target.approvals[ref] ?? []))
        }
        self.items = items
        self.refused = refused
        self.unchanged = unchanged
    }
}

/// Finds everything that keeps one ref from being promoted.
private struct Judge {
    let ref: ProcessorRef
    let record: RefRecord?
    /// What the target would want.
    let wanted: RefRecord.Revision?
    let source: Promotion.Source
    let target: Promotion.Destination
    let now: Int

    var obstacles: [(Promotion.Refusal.Obstacle, Failure)] {
        guard let record, let revision = record.applied else {
            let failure = Failure(
                .functionNotFound, "\(source.environment) has never run \(ref)",
                remedy: "Bring it up: pinion reconcile --env \(source.environment)")
            return [(.notRun, failure)]
        }
        var obstacles: [(Promotion.Refusal.Obstacle, Failure)] = []
        func add(_ obstacle: Promotion.Refusal.Obstacle, _ failure: Failure) { obstacles.append((obstacle, failure)) }
        if !record.desired.isSame(as: revision) {
            add(
                .unsettled,
                Failure(
                    .predicate, "\(source.environment) runs another revision of \(ref) than it wants",
                    remedy: "Let it get there: pinion reconcile --env \(source.environment)"))
        }
        let drift = source.findings.filter { $0.ref == ref }
        if !drift.isEmpty {
            add(
                .drift,
                Failure(
                    .predicate,
                    "\(ref) has drifted in \(source.environment): \(drift.map(\.kind.rawValue).joined(separator: ", "))",
                    remedy: "See pinion drift --env \(source.environment), and mend it with pinion reconcile.",
                    detail: drift.map { "\($0.kind.rawValue): expected \($0.expected), is \($0.actual)" }
                        .joined(separator: "\n")))
        }
        for failure in missingEvidence(for: revision) { add(.evidence, failure) }
        if let hold = target.records[ref]?.hold, let wanted, hold.keepsAway(wanted) {
            add(
                .hold,
                Failure(
                    .predicate, "\(target.environment) was rolled back from this revision of \(ref) by \(hold.by)",
                    remedy: "Promote another one, or: pinion hold release \(ref) --env \(target.environment)",
                    detail: hold.reason))
        }
        let approvals = target.approvals[ref] ?? []
        if approvals.count < target.gate.approvals {
            add(
                .approvals,
                Failure(
                    .predicate,
                    "\(ref) has \(approvals.count) of \(target.gate.approvals) approvals for \(target.environment)",
                    remedy: "Approve this revision: pinion approve \(ref) --env \(target.environment)"))
        }
        return obstacles
    }

    /// The evidence that counts: of these very bytes and this spec.
    func evidence(for revision: RefRecord.Revision) -> [Evidence] {
        let digests = Set(revision.pins.values.compactMap(\.digest))
        return (record?.evidence ?? []).filter { digests.contains($0.digest) && $0.specHash == revision.specHash }
    }

    private func missingEvidence(for revision: RefRecord.Revision) -> [Failure] {
        let there = evidence(for: revision)
        return target.gate.proofs(for: target.target).compactMap { proof in
            let own = there.filter { $0.adapter == proof.adapter && $0.mode == proof.mode }
            guard let newest = own.max(by: { ($0.testedAt ?? 0) < ($1.testedAt ?? 0) }) else {
                return Failure(
                    .predicate, "\(ref) has no evidence \(proof) of this digest and spec",
                    remedy: "Test it: pinion verify \(ref) --env \(source.environment)")
            }
            guard let limit = target.gate.maxAgeSeconds, now - (newest.testedAt ?? 0) > limit else { return nil }
            return Failure(
                .predicate, "the evidence \(proof) of \(ref) is older than \(target.environment) takes it (\(limit) s)",
                remedy: "Test it again: pinion verify \(ref) --env \(source.environment)")
        }
    }
}
