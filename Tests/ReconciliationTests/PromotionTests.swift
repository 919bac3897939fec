import DeploymentModel
import Reconciliation
import TestSupport
import Testing

/// What may be promoted, and what is refused in words.
@Suite(.tags(.small))
struct PromotionTests {
    private static let ref = try! ProcessorRef("llm/litellm@1")
    private static let image = ImageReference.sample("one")

    private static func revision(_ image: ImageReference = image, spec: String = "spec") -> RefRecord.Revision {
        RefRecord.Revision(commit: "c", specHash: spec, pins: [.amd64: image, .arm64: image], keys: [:])
    }

    private static func evidence(
        _ adapter: String = "modal", mode: String = "mock", image: ImageReference = image, spec: String = "spec",
        at time: Int? = 1_000
    ) -> Evidence {
        Evidence(
            digest: image.digest!, platform: .amd64, specHash: spec, adapter: adapter, mode: mode, transport: .ws,
            testedAt: time)
    }

    private func promotion(
        desired: RefRecord.Revision? = nil, applied: RefRecord.Revision? = revision(),
        evidence: [Evidence] = [evidence()], findings: [DriftFinding] = [], gate: PromotionGate = PromotionGate(),
        target: RefRecord? = nil, approvals: [String] = [], registries: (String, String) = ("r.test", "r.test"),
        now: Int = 1_060
    ) -> Promotion {
        let record = RefRecord(
            ref: Self.ref, desired: desired ?? Self.revision(), applied: applied, binding: nil, evidence: evidence)
        return Promotion(
            from: Promotion.Source(
                environment: "staging", registry: registries.0, records: [Self.ref: record], findings: findings),
            to: Promotion.Destination(
                environment: "main", registry: registries.1, target: .modal,
                records: target.map { [Self.ref: $0] } ?? [:], gate: gate,
                approvals: [Self.ref: approvals]),
            refs: nil, now: now)
    }

    private func words(_ promotion: Promotion) -> [String] {
        #expect(promotion.items.isEmpty)
        let failures = promotion.refused.flatMap(\.failures)
        #expect(failures.allSatisfy { $0.remedy != nil })
        return failures.map(\.message)
    }

    @Test func `what was tested is promoted, as it was tested`() {
        let promotion = promotion()
        #expect(promotion.refused == [])
        #expect(promotion.items.map(\.revision) == [Self.revision()])
        #expect(promotion.items.first?.evidence == [Self.evidence()])
    }

    @Test func `what the target wants already is left alone`() {
        let there = RefRecord(ref: Self.ref, desired: Self.revision(), applied: nil, binding: nil, evidence: [])
        let promotion = promotion(target: there)
        #expect(promotion.items.isEmpty && promotion.refused.isEmpty)
        #expect(promotion.unchanged == [Self.ref])
    }

    @Test func `evidence of other bytes, another spec or another place does not count`() {
        for evidence in [
            Self.evidence(image: .sample("two")), Self.evidence(spec: "other"), Self.evidence("local"),
            Self.evidence(mode: Evidence.probe),
        ] {
            #expect(
                words(promotion(evidence: [evidence]))
                    == ["llm/litellm@1 has no evidence modal/mock of this digest and spec"])
        }
    }

    @Test func `evidence that is too old does not count, and one without a time is`() {
        var gate = PromotionGate()
        gate.maxAgeSeconds = 60
        #expect(promotion(gate: gate, now: 1_060).refused == [])
        let old = ["the evidence modal/mock of llm/litellm@1 is older than main takes it (60 s)"]
        #expect(words(promotion(gate: gate, now: 1_061)) == old)
        #expect(words(promotion(evidence: [Self.evidence(at: nil)], gate: gate)) == old)
        #expect(promotion(evidence: [Self.evidence(at: 1), Self.evidence(at: 1_050)], gate: gate).refused == [])
    }

    @Test func `gates name what they need`() {
        var gate = PromotionGate()
        gate.evidence = [PromotionGate.Proof("local/mock"), PromotionGate.Proof("local/probe")].compactMap(\.self)
        #expect(
            words(promotion(evidence: [Self.evidence("local")], gate: gate))
                == ["llm/litellm@1 has no evidence local/probe of this digest and spec"])
        let both = [Self.evidence("local"), Self.evidence("local", mode: Evidence.probe)]
        #expect(promotion(evidence: both, gate: gate).refused == [])
    }

    @Test func `what drifted, or is not what its source wants, stays where it is`() {
        let finding = DriftFinding(ref: Self.ref, app: "a", kind: .image, expected: "x", actual: "y")
        #expect(words(promotion(findings: [finding])) == ["llm/litellm@1 has drifted in staging: image"])
        let other = DriftFinding(ref: nil, app: "b", kind: .orphan, expected: "x", actual: "y")
        #expect(promotion(findings: [other]).refused == [])
        #expect(
            words(promotion(desired: Self.revision(.sample("two"))))
                == ["staging runs another revision of llm/litellm@1 than it wants"])
        #expect(words(promotion(applied: nil)) == ["staging has never run llm/litellm@1"])
    }

    @Test func `a rollback keeps away what it was made from, and nothing else`() {
        func held(_ from: RefRecord.Revision) -> RefRecord {
            RefRecord(
                ref: Self.ref, desired: Self.revision(.sample("old")), applied: nil, binding: nil, evidence: [],
                hold: RefRecord.Hold(from: from, by: "ada", since: 1, reason: "empty answers"))
        }
        let refused = promotion(target: held(Self.revision()))
        #expect(words(refused) == ["main was rolled back from this revision of llm/litellm@1 by ada"])
        #expect(refused.refused.first?.failures.first?.detail == "empty answers")
        #expect(refused.refused.first?.failures.first?.code == .predicate, "nobody is at it: waiting does not help")
        #expect(promotion(target: held(Self.revision(spec: "other"))).refused == [])
        #expect(promotion(target: held(Self.revision(.sample("two")))).refused == [])
    }

    @Test func `approvals are counted`() {
        var gate = PromotionGate()
        gate.approvals = 2
        #expect(words(promotion(gate: gate, approvals: ["ada"])) == ["llm/litellm@1 has 1 of 2 approvals for main"])
        #expect(promotion(gate: gate, approvals: ["ada", "bob"]).items.first?.approvals == ["ada", "bob"])
    }

    @Test func `what lies below the OCI registry of the source has its place below that of the target`() throws {
        let key = try InputKey(String(repeating: "c", count: 64))
        let applied = RefRecord.Revision(
            commit: "c", specHash: "spec", pins: [.amd64: Self.image, .arm64: Self.image], keys: [.amd64: key])
        func pins(_ from: String, _ to: String) throws -> [String] {
            let promotion = promotion(desired: applied, applied: applied, registries: (from, to))
            let item = try #require(promotion.items.first)
            #expect(item.revision.pins.values.allSatisfy { $0.digest == Self.image.digest })
            #expect(item.revision.commit == "c" && item.revision.keys == applied.keys)
            let isMoved = item.revision.pins != applied.pins
            #expect(item.copies.map(\.from) == (isMoved ? [Self.image, Self.image] : []))
            #expect(item.copies.map(\.to) == (isMoved ? Platform.allCases.map { item.revision.pins[$0] } : []))
            #expect(item.copies.map(\.tag) == (isMoved ? [key.contentTag(.amd64, Self.image.digest!), nil] : []))
            return Set(item.revision.pins.values.map(\.repository)).sorted()
        }
        for (from, to, expected) in [
            ("ghcr.io/acme", "ghcr.io/acme", "ghcr.io/acme/x"), ("ghcr.io/acme", "ghcr.io/prod", "ghcr.io/prod/x"),
            ("ghcr.io/acme", "quay.io", "quay.io/x"), ("ghcr.io", "quay.io/a/b", "quay.io/a/b/acme/x"),
            // Below both.
            ("ghcr.io", "ghcr.io/acme", "ghcr.io/acme/x"), ("ghcr.io/acme", "ghcr.io", "ghcr.io/acme/x"),
            // Elsewhere.
            ("ghcr.io/ac", "quay.io", "ghcr.io/acme/x"), ("quay.io/acme", "quay.io/prod", "ghcr.io/acme/x"),
        ] { #expect(try pins(from, to) == [expected], "\(from) \(to)") }
    }

    @Test func `what the target has in its own OCI registry is there already, and held there`() {
        let registries = ("ghcr.io/acme", "quay.io/acme")
        let own = Self.revision(ImageReference(registry: "quay.io", path: "acme/x", digest: Self.image.digest))
        let there = RefRecord(ref: Self.ref, desired: own, applied: nil, binding: nil, evidence: [])
        #expect(promotion(target: there, registries: registries).unchanged == [Self.ref])
        let left = RefRecord(
            ref: Self.ref, desired: Self.revision(.sample("old")), applied: nil, binding: nil, evidence: [],
            hold: RefRecord.Hold(from: own, by: "ada", since: 1, reason: nil))
        #expect(
            words(promotion(target: left, registries: registries))
                == ["main was rolled back from this revision of llm/litellm@1 by ada"])
    }

    @Test func `all that stands in the way is said at once`() {
        var gate = PromotionGate()
        gate.approvals = 1
        let finding = DriftFinding(ref: Self.ref, app: "a", kind: .image, expected: "x", actual: "y")
        #expect(words(promotion(evidence: [], findings: [finding], gate: gate)).count == 3)
    }
}

/// What a record alone wants: promoted, or held by a rollback.
@Suite(.tags(.small))
struct RecordedPlanTests {
    let fixture = FunctionFixture()

    /// What `processor` was built to, as a record wants it.
    private func recorded(_ processor: DesiredProcessor, isHeld: Bool = false) throws -> DesiredProcessor {
        let record = try #require(fixture.fixture.world.now.records[processor.ref])
        return DesiredProcessor(
            processor.processor, specPath: processor.specPath, source: .recorded(record.desired),
            function: processor.function, isHeld: isHeld)
    }

    @Test func `a plan of what is recorded builds and pins nothing, and is empty once it runs`() async throws {
        let processor = try FunctionFixture.processor()
        try await fixture.settle(FunctionFixture.desired([processor]))
        let desired = FunctionFixture.desired([try recorded(processor)])
        #expect(try await fixture.plan(desired).isEmpty)
        fixture.modal.change { $0.apps = [:] }
        let plan = try await fixture.plan(desired)
        #expect(plan.items.map(\.steps) == [[.deploy, .smoke]])
        await fixture.apply(plan)
        #expect(try await fixture.plan(desired).isEmpty)
    }

    @Test func `a hold stays in the record while it is in force, and goes with another revision`() async throws {
        let processor = try FunctionFixture.processor()
        try await fixture.settle(FunctionFixture.desired([processor]))
        let hold = RefRecord.Hold(
            from: RefRecord.Revision(commit: "d", specHash: "bad", pins: [:], keys: [:]), by: "ada", since: 1,
            reason: nil)
        fixture.fixture.world.change { state in
            guard let record = state.records[processor.ref] else { return }
            state.records[processor.ref] = record.wanting(record.desired, hold: hold)
        }
        let held = FunctionFixture.desired([try recorded(processor, isHeld: true)])
        let idle = try await fixture.plan(held)
        #expect(idle.isEmpty)
        #expect(
            idle.notes.first?.hasPrefix("llm/litellm@1 is held by ada since 1970-01-01T00:00:01Z; it keeps d away")
                == true)
        fixture.modal.change { $0.apps = [:] }
        await fixture.apply(try await fixture.plan(held))
        #expect(fixture.fixture.world.now.records[processor.ref]?.hold == hold)
        let next = FunctionFixture.desired([try FunctionFixture.processor(inputs: "two")])
        #expect(try await fixture.plan(next).notes.first?.contains("that ends: another revision is wanted") == true)
        await fixture.apply(try await fixture.plan(next))
        #expect(fixture.fixture.world.now.records[processor.ref]?.hold == nil)
    }

    @Test func `what fails when it is tested again loses that evidence, and no other`() async throws {
        let processor = try FunctionFixture.processor()
        try await fixture.settle(FunctionFixture.desired([processor]))
        let world = fixture.fixture.world
        let record = try #require(world.now.records[processor.ref])
        let verification = Verification(
            smoke: world, run: "r2", log: EventLog(clock: { 0 }) { _ in }, now: { 2_000 })
        let (fresh, none) = await verification.verify(processor.processor, record, platform: .amd64)
        #expect(none == nil)
        #expect(fresh.evidence.map(\.testedAt) == [2_000, 2_000])
        world.change { $0.faults["smoke llm/litellm@1 in"] = Failure(.badResponse, "no") }
        let (revoked, failure) = await verification.verify(processor.processor, fresh, platform: .amd64)
        #expect(failure?.code == .badResponse)
        #expect(revoked.evidence.map(\.adapter) == ["local"])
        #expect(revoked.changes(fresh))
    }
}

extension ImageReference {
    fileprivate static func sample(_ text: String) -> ImageReference {
        try! ImageReference("ghcr.io/acme/x").pinned(to: SimulatedWorld.digest(text))
    }
}
