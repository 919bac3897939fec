import DeploymentModel
import Reconciliation
import TestSupport
import Testing

/// Plans for Modal and what comes of them, on a platform in memory.
@Suite(.tags(.small))
struct FunctionPlanTests {
    let fixture = FunctionFixture()
    private let key = SecretNames(required: ["API_KEY"], optional: ["API_BASE"])
    private let value = SecretValue("API_KEY", ["API_KEY": "one"])

    @Test func `a first run builds, smokes, probes, deploys and smokes what is deployed`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor(secrets: key)])
        let plan = try await fixture.plan(desired, secrets: [value])
        #expect(plan.secrets.map(\.change) == [.created])
        #expect(plan.items.map(\.steps) == [[.build, .pin, .smoke, .probe, .deploy, .smoke]])
        #expect(plan.notes == ["llm/litellm@1 runs without API_BASE: optional, and not there"])
        let report = await fixture.apply(plan, secrets: [value])
        #expect(!report.hasFailures)
        let effects = fixture.fixture.effects.dropFirst(2)
        #expect(
            effects == [
                "smoke llm/litellm@1", "probe llm/litellm@1", "smoke llm/litellm@1 in llm-litellm-v1", "record",
            ])
        #expect(fixture.modal.now.log == ["sync API_KEY", "deploy llm-litellm-v1"])
        let record = try #require(fixture.fixture.world.now.records[ProcessorRef("llm/litellm@1")])
        #expect(record.binding?.name == "llm-litellm-v1")
        #expect(record.binding?.function == "exec__llm_litellm__v1")
        #expect(record.binding?.version == 1)
        #expect(record.evidence.map { "\($0.adapter) \($0.mode)" } == ["local mock", "local probe", "modal mock"])
        #expect(record.evidence.allSatisfy { $0.platform == .amd64 })
    }

    @Test func `the plan of an applied plan is empty, and asks the OCI registry nothing`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor(secrets: key)])
        try await fixture.settle(desired, secrets: [value])
        fixture.fixture.world.change { $0.questions = 0 }
        let second = try await fixture.plan(desired, secrets: [value])
        #expect(second.isEmpty)
        #expect(second.unchanged.count == 1)
        #expect(second.notes == [], "an optional secret matters where something is deployed")
        #expect(fixture.fixture.world.now.questions == 0)
        #expect(try await fixture.drift(desired) == [])
    }

    @Test func `a required secret that is not there blocks its processor alone, and all are named`() async throws {
        let both = SecretNames(required: ["API_KEY", "OTHER_KEY"])
        let plan = try await fixture.plan(
            FunctionFixture.desired([
                try FunctionFixture.processor(secrets: both), try FunctionFixture.processor("text/stats@1"),
            ]))
        #expect(plan.items.map(\.ref.description) == ["text/stats@1"])
        let failure = try #require(plan.blocked.first?.failure)
        #expect(failure.code == .missingSecret)
        #expect(failure.message.contains("API_KEY, OTHER_KEY"))
        #expect(failure.remedy?.contains("pinion sync_secrets --ref llm/litellm@1 --env staging") == true)
    }

    @Test func `an optional secret that comes later is mounted by a deploy that is forced`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor(secrets: key)])
        try await fixture.settle(desired, secrets: [value])
        _ = try await fixture.modal.syncSecrets([SecretValue("API_BASE", ["API_BASE": "x"])], isCheck: false)
        let plan = try await fixture.plan(desired)
        #expect(plan.items.first?.deploy?.function?.isForced == true)
        #expect(plan.items.first?.reasons == ["it mounts API_KEY in place of API_BASE, API_KEY"])
        await fixture.apply(plan)
        #expect(try await fixture.drift(desired) == [])
    }

    @Test func `a rotated value gives new containers to who mounts it, and to nobody else`() async throws {
        let desired = FunctionFixture.desired([
            try FunctionFixture.processor(secrets: key), try FunctionFixture.processor("text/stats@1"),
        ])
        try await fixture.settle(desired, secrets: [value])
        let other = SecretValue("API_KEY", ["API_KEY": "two"])
        let plan = try await fixture.plan(desired, secrets: [other])
        #expect(plan.secrets.map(\.change) == [.rotated])
        #expect(plan.items.map(\.steps) == [[.rollover, .smoke]])
        await fixture.apply(plan, secrets: [other])
        #expect(fixture.modal.now.log.suffix(2) == ["sync API_KEY", "rollover llm-litellm-v1"])
        #expect(try await fixture.drift(desired) == [])
        #expect(try await fixture.plan(desired, secrets: [other]).isEmpty)
    }

    @Test func `a deploy that makes no new version leaves no container with an old value`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor(secrets: key)])
        try await fixture.settle(desired, secrets: [value])
        // Nothing but the binding is lost, so that what is published is the same.
        fixture.modal.change { $0.boundImages = [:] }
        let other = SecretValue("API_KEY", ["API_KEY": "two"])
        let plan = try await fixture.plan(desired, secrets: [other])
        #expect(plan.items.map(\.steps) == [[.deploy, .rollover, .smoke]])
        await fixture.apply(plan, secrets: [other])
        #expect(
            fixture.modal.now.log.suffix(3) == ["sync API_KEY", "deploy llm-litellm-v1", "rollover llm-litellm-v1"])
        #expect(try await fixture.plan(desired, secrets: [other]).isEmpty)
        #expect(try await fixture.drift(desired) == [])
    }

    @Test func `a new version needs no rollover, though one was planned`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor(secrets: key)])
        try await fixture.settle(desired, secrets: [value])
        fixture.modal.change { $0.apps["llm-litellm-v1"]?.imageID = "im-other" }
        let other = SecretValue("API_KEY", ["API_KEY": "two"])
        await fixture.apply(try await fixture.plan(desired, secrets: [other]), secrets: [other])
        #expect(fixture.modal.now.log.suffix(2) == ["sync API_KEY", "deploy llm-litellm-v1"])
        #expect(try await fixture.plan(desired, secrets: [other]).isEmpty)
    }

    @Test func `a run that ends between sync and rollover is made good by the next one`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor(secrets: key)])
        try await fixture.settle(desired, secrets: [value])
        let other = SecretValue("API_KEY", ["API_KEY": "two"])
        _ = try await fixture.modal.syncSecrets([other], isCheck: false)
        #expect(try await fixture.drift(desired).map(\.kind) == [.staleSecret])
        let plan = try await fixture.plan(desired)
        #expect(plan.items.map(\.steps) == [[.rollover, .smoke]])
        await fixture.apply(plan)
        #expect(try await fixture.plan(desired).isEmpty)
    }

    @Test func `a new image comes with a new version, without a rollover`() async throws {
        let first = FunctionFixture.desired([try FunctionFixture.processor(secrets: key)])
        try await fixture.settle(first, secrets: [value])
        let other = SecretValue("API_KEY", ["API_KEY": "two"])
        let second = FunctionFixture.desired([try FunctionFixture.processor(inputs: "two", secrets: key)])
        let plan = try await fixture.plan(second, secrets: [other])
        #expect(plan.items.map(\.steps) == [[.build, .pin, .smoke, .probe, .deploy, .smoke]])
        await fixture.apply(plan, secrets: [other])
        #expect(fixture.modal.now.apps["llm-litellm-v1"]?.version == 2)
        #expect(try await fixture.drift(second) == [])
    }

    @Test func `when the sync fails nothing is deployed`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor(secrets: key)])
        let plan = try await fixture.plan(desired, secrets: [value])
        fixture.modal.change { $0.faults["sync"] = Failure(.network, "no answer") }
        let report = await fixture.apply(plan, secrets: [value])
        #expect(report.failures.map(\.code) == [.network])
        #expect(fixture.modal.now.log.isEmpty)
    }

    @Test func `a failed deploy keeps the evidence of what was tested`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor()])
        let plan = try await fixture.plan(desired)
        fixture.modal.change { $0.faults["deploy"] = Failure(.lease, "the app is locked") }
        let report = await fixture.apply(plan)
        #expect(report.entries.first?.skipped == [.smoke])
        fixture.modal.change { $0.faults = [:] }
        let second = try await fixture.plan(desired)
        #expect(second.items.map(\.steps) == [[.deploy, .smoke]])
        await fixture.apply(second)
        #expect(try await fixture.plan(desired).isEmpty)
    }

    @Test func `a deployment whose record was lost is recorded, not made again`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor()])
        try await fixture.settle(desired)
        let ref = try ProcessorRef("llm/litellm@1")
        fixture.fixture.world.change { state in
            guard let record = state.records[ref], let binding = record.binding else { return }
            state.records[ref] = record.bound(to: binding.at(0))
        }
        let plan = try await fixture.plan(desired)
        #expect(plan.items.map(\.steps) == [[]])
        #expect(plan.items.first?.reasons.first?.hasPrefix("version 1 was deployed") == true)
        await fixture.apply(plan)
        #expect(fixture.modal.now.log == ["deploy llm-litellm-v1"])
        #expect(try await fixture.plan(desired).isEmpty)
    }

    @Test func `an untested plan deploys and records, and leaves the tests to a reconcile`() async throws {
        let pins = try [Platform.amd64: ImageReference("ghcr.io/acme/x").pinned(to: SimulatedWorld.digest("image"))]
        fixture.fixture.world.change { $0.images[pins[.amd64]!] = .amd64 }
        let built = try FunctionFixture.processor(pins: pins)
        let pinned = DesiredProcessor(
            built.processor, specPath: built.specPath, source: .pinned, function: built.function)
        let desired = FunctionFixture.desired([pinned], pins: .commit)
        let plan = try await fixture.plan(desired).untested
        #expect(plan.items.map(\.steps) == [[.deploy]])
        await fixture.apply(plan)
        #expect(try await fixture.plan(desired).untested.isEmpty)
        #expect(try await fixture.plan(desired).items.map(\.steps) == [[.smoke, .smoke]])
    }

    /// The same as it is pinned: nothing is built.
    private func pinned(_ desired: DesiredState, to pins: [Platform: ImageReference]) -> DesiredState {
        FunctionFixture.desired(
            desired.processors.map { wanted in
                var processor = wanted.processor
                processor.pins = pins
                return DesiredProcessor(
                    processor, specPath: wanted.specPath, source: .pinned, function: wanted.function)
            }, pins: .commit)
    }

    @Test func `what is deployed again as it was pinned keeps the record of its inputs`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor()])
        try await fixture.settle(desired)
        let ref = try ProcessorRef("llm/litellm@1")
        let before = try #require(fixture.fixture.world.now.records[ref]?.desired)
        fixture.modal.change { $0.apps = [:] }
        await fixture.apply(try await fixture.plan(pinned(desired, to: before.pins)).untested)
        let after = try #require(fixture.fixture.world.now.records[ref])
        #expect(after.desired == before && after.applied?.keys == before.keys)
        #expect(try await fixture.plan(desired).isEmpty)
    }

    @Test func `another image that is deployed by hand is not what is wanted from then on`() async throws {
        let desired = FunctionFixture.desired([try FunctionFixture.processor()])
        try await fixture.settle(desired)
        let ref = try ProcessorRef("llm/litellm@1")
        let before = try #require(fixture.fixture.world.now.records[ref]?.desired)
        let other = try ImageReference("ghcr.io/acme/x").pinned(to: SimulatedWorld.digest("other"))
        fixture.fixture.world.change { $0.images[other] = .amd64 }
        let plan = try await fixture.plan(pinned(desired, to: before.pins.merging([.amd64: other]) { $1 }))
        let report = await fixture.apply(plan.untested.desiring(before.pins, of: ref))
        #expect(!report.hasFailures)
        let after = try #require(fixture.fixture.world.now.records[ref])
        #expect(after.desired == before && after.applied?.pins[.amd64] == other)
        #expect(try await fixture.drift(desired).map(\.kind) == [.digest])
    }

    @Test func `an app that no spec asks for is told of, and stopped when that is asked for`() async throws {
        try await fixture.settle(
            FunctionFixture.desired(try [FunctionFixture.processor(), FunctionFixture.processor("text/stats@1")]))
        let rest = FunctionFixture.desired([try FunctionFixture.processor()])
        let plan = try await fixture.plan(rest)
        #expect(plan.isEmpty)
        #expect(plan.notes == ["the app text-stats-v1 is deployed, but no spec asks for it"])
        let pruning = try await fixture.plan(rest, prunes: true)
        #expect(pruning.stops.map(\.app) == ["text-stats-v1"])
        var shared = try await fixture.observe(rest)
        shared.unnamedApps = ["text-stats-v1"]
        let cautious = await Planner(desired: rest, observed: shared, platform: .amd64, prunes: true).plan()
        #expect(cautious.stops.isEmpty && cautious.notes == plan.notes, "another environment may have named it")
        await fixture.apply(pruning)
        #expect(fixture.modal.now.apps.keys.sorted() == ["llm-litellm-v1"])
        let broken = FunctionFixture.desired([], isComplete: false)
        #expect(try await fixture.plan(broken, prunes: true).stops.isEmpty, "a broken spec may ask for it")
    }

    @Test func `the image is pulled with a log-in where the OCI registry asks for one`() async throws {
        fixture.fixture.world.change { $0.needsLogin = true }
        let desired = FunctionFixture.desired([try FunctionFixture.processor()])
        let report = await fixture.apply(try await fixture.plan(desired))
        #expect(report.entries.first?.failures.map(\.code) == [.missingSecret])
        #expect(report.entries.first?.failures.first?.message.contains("REGISTRY_AUTH") == true)
    }
}
