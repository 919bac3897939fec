import DeploymentModel
import Reconciliation
import TestSupport
import Testing

/// Every kind of drift is made by hand, found, and mended by a plan.
@Suite(.tags(.small))
struct DriftTests {
    let fixture = FunctionFixture()
    private let value = SecretValue("API_KEY", ["API_KEY": "one"])

    private func desired(
        spec: String = "spec", inputs: String = "one", runtime: RuntimeLimits = RuntimeLimits()
    ) throws -> DesiredState {
        FunctionFixture.desired([
            try FunctionFixture.processor(
                inputs: inputs, spec: spec, runtime: runtime, secrets: SecretNames(required: ["API_KEY"]))
        ])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let kinds: [DriftFinding.Kind]
        let change: @Sendable (inout SimulatedModal.App) -> Void
        var testDescription: String { kinds.map(\.rawValue).joined(separator: ", ") }
    }

    static let cases: [Case] = [
        Case(kinds: [.image]) { $0.imageID = "im-other" },
        Case(kinds: [.digest, .image]) { $0.tags["digest-0"] = String(repeating: "a", count: 32) },
        Case(kinds: [.spec]) { $0.tags["spec"] = "other" },
        Case(kinds: [.manager]) { $0.tags["managed-by"] = "somebody" },
        Case(kinds: [.functions]) { $0.function = "exec__other__v1" },
        Case(kinds: [.resources]) { $0.limits = RuntimeLimits(cpu: 2) },
        Case(kinds: [.resources]) { $0.limits = RuntimeLimits(gpu: "T4") },
        Case(kinds: [.scaling]) { $0.limits = RuntimeLimits(scaling: ScalingLimits(minContainers: 7)) },
        Case(kinds: [.access]) { $0.limits = RuntimeLimits(isPublic: true) },
        Case(kinds: [.secrets]) { $0.secretIDs = [] },
        Case(kinds: [.version]) { $0.version = 8 },
    ]

    @Test(arguments: cases)
    func `what was changed by hand is found, and reconciling mends it`(made: Case) async throws {
        let desired = try desired()
        try await fixture.settle(desired, secrets: [value])
        #expect(try await fixture.drift(desired) == [])
        fixture.modal.change { state in
            state.apps["llm-litellm-v1"].map { app in
                var app = app
                made.change(&app)
                state.apps["llm-litellm-v1"] = app
            }
        }
        let findings = try await fixture.drift(desired)
        #expect(findings.map(\.kind) == made.kinds)
        #expect(findings.allSatisfy { $0.expected != $0.actual && $0.since != nil && $0.by == "simulated" })
        let plan = try await fixture.plan(desired)
        #expect(!plan.isEmpty)
        let function = plan.items.first?.deploy?.function
        #expect((function == nil) == (made.kinds == [.version]))
        #expect((function?.keepsVersion == true) == (made.kinds == [.scaling] || made.kinds == [.image]))
        await fixture.apply(plan)
        #expect(try await fixture.drift(desired) == [])
        #expect(try await fixture.plan(desired).isEmpty)
    }

    @Test func `an app that is gone, or was published by hand, is found and mended`() async throws {
        let desired = try desired()
        try await fixture.settle(desired, secrets: [value])
        fixture.modal.change { $0.apps = [:] }
        #expect(try await fixture.drift(desired).map(\.kind) == [.missing])
        await fixture.apply(try await fixture.plan(desired))
        #expect(try await fixture.drift(desired) == [])
        fixture.modal.publishByHand("llm-litellm-v1")
        #expect(try await fixture.drift(desired).map(\.kind) == [.version, .manager, .digest, .spec, .image])
        await fixture.apply(try await fixture.plan(desired))
        #expect(try await fixture.drift(desired) == [])
    }

    @Test func `a secret that was deleted is found, and blocks what needs it`() async throws {
        let desired = try desired()
        try await fixture.settle(desired, secrets: [value])
        fixture.modal.change { $0.secrets = [:] }
        #expect(try await fixture.drift(desired).map(\.kind) == [.missingSecret, .secrets])
        #expect(try await fixture.plan(desired).blocked.map(\.failure.code) == [.missingSecret])
        try await fixture.settle(desired, secrets: [value])
        #expect(try await fixture.drift(desired) == [])
    }

    @Test func `thousandths of a core are all that Modal keeps`() async throws {
        let desired = try desired(runtime: RuntimeLimits(cpu: 2.01))
        try await fixture.settle(desired, secrets: [value])
        // As Modal's SDK has it: int(1000 * 2.01) is 2009.
        fixture.modal.change { $0.apps["llm-litellm-v1"]?.limits = RuntimeLimits(cpu: 2.009) }
        #expect(try await fixture.drift(desired) == [])
    }

    @Test func `what nobody builds is pinned by its spec, also where pins go into the record`() async throws {
        func desired(_ image: String) throws -> DesiredState {
            let image = try ImageReference("ghcr.io/acme/x").pinned(to: SimulatedWorld.digest(image))
            fixture.fixture.world.change { $0.images[image] = .amd64 }
            let built = try FunctionFixture.processor(pins: [.amd64: image])
            return FunctionFixture.desired([
                DesiredProcessor(
                    built.processor, specPath: built.specPath, source: .pinned, function: built.function)
            ])
        }
        try await fixture.settle(try desired("one"))
        #expect(try await fixture.drift(try desired("one")) == [])
        let other = try desired("two")
        #expect(try await fixture.plan(other).isEmpty == false)
        #expect(try await fixture.drift(other).map(\.kind) == [.pin, .digest])
    }

    @Test func `pins that are not what is recorded are found`() async throws {
        try await fixture.settle(try desired(), secrets: [value])
        let pins = try [Platform.amd64: ImageReference("ghcr.io/acme/x").pinned(to: SimulatedWorld.digest("image"))]
        let other = FunctionFixture.desired([try FunctionFixture.processor(pins: pins)], pins: .commit)
        #expect(try await fixture.drift(other).map(\.kind).prefix(2) == [.pin, .digest])
        let unpinned = FunctionFixture.desired([try FunctionFixture.processor()], pins: .commit)
        #expect(try await fixture.drift(unpinned).map(\.kind) == [.pin])
    }

    @Test func `an app that nobody asks for is drift, and one that is none of Pinion's is not`() async throws {
        try await fixture.settle(try desired(), secrets: [value])
        fixture.modal.change { state in
            guard var other = state.apps["llm-litellm-v1"] else { return }
            other.tags = [:]
            state.apps["by-hand"] = other
            other.function = "web"
            state.apps["somebody-elses"] = other
        }
        #expect(try await fixture.drift(try desired()).map(\.app) == ["by-hand"])
        let plan = try await fixture.plan(try desired(), prunes: true)
        #expect(plan.stops.isEmpty, "what Pinion did not deploy it does not stop")
    }

    @Test func `what was not built yet is told beside the drift, and what is recorded still counts`() async throws {
        let fixture = Fixture()
        await fixture.apply(try await fixture.plan(Fixture.desired([try Fixture.processor()])))
        func drift(_ desired: DesiredState) async throws -> Drift {
            Drift(
                desired,
                try await Observer(
                    store: fixture.world, registry: fixture.world, deployments: .docker(fixture.world)
                ).observe(desired))
        }
        let other = Fixture.desired([try Fixture.processor(inputs: "two"), try Fixture.processor("text/new@1")])
        let found = try await drift(other)
        #expect(found.pending.map(\.ref) == [try ProcessorRef("text/stats@1")])
        #expect(found.pending.first?.reason.contains("have no build for linux/amd64, linux/arm64") == true)
        #expect(found.findings.map(\.kind) == [.pin], "the one that was never built: \(found.findings)")
        #expect(found.findings.first?.actual == "none is pinned: there is no build of its inputs")
        #expect(try await drift(Fixture.desired([try Fixture.processor()])).pending == [])
    }

    @Test func `what can't be asked about is said, and is no drift`() async throws {
        let fixture = Fixture()
        let tag = try ImageReference("ghcr.io/acme/x:1")
        let desired = Fixture.desired([try Fixture.processor(source: .track(tag))])
        fixture.world.change { state in
            let images = [Platform.amd64, .arm64].map { (tag.pinned(to: SimulatedWorld.digest("\($0)")), $0) }
            for (image, platform) in images { state.images[image] = platform }
            state.tags[tag] = Dictionary(uniqueKeysWithValues: images.map { ($1, $0) })
        }
        await fixture.apply(try await fixture.plan(desired))
        fixture.world.change { $0.tags[tag] = nil }
        func drift() async throws -> Drift {
            let observed = try await Observer(
                store: fixture.world, registry: fixture.world, deployments: .docker(fixture.world)
            ).observe(desired)
            return Drift(desired, observed)
        }
        let found = try await drift()
        #expect(found.findings == [] && found.pending == [])
        #expect(found.unseen.map(\.failure.code) == [.imagePull])
        fixture.world.change { $0.containers = [:] }
        #expect(try await drift().findings.map(\.kind) == [.missing], "the engine was asked all the same")
    }

    @Test func `who was not asked to the end has not failed`() async throws {
        let fixture = Fixture()
        let desired = Fixture.desired([try Fixture.processor()])
        let look = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await Observer(
                store: fixture.world, registry: fixture.world, deployments: .docker(fixture.world)
            ).observe(desired)
        }
        look.cancel()
        await #expect(throws: Failure.self) { try await look.value }
    }

    @Test func `containers drift, too`() async throws {
        let fixture = Fixture()
        let desired = Fixture.desired([try Fixture.processor()])
        func drift() async throws -> [DriftFinding.Kind] {
            let observed = try await Observer(
                store: fixture.world, registry: fixture.world, deployments: .docker(fixture.world)
            ).observe(desired)
            return Drift(desired, observed).findings.map(\.kind)
        }
        await fixture.apply(try await fixture.plan(desired))
        #expect(try await drift() == [])
        fixture.world.change { state in
            for (id, container) in state.containers {
                state.containers[id] = ObservedContainer(
                    id: id, name: container.name, ref: container.ref, imageID: "sha256:other", isRunning: true,
                    specHash: container.specHash, hostPort: container.hostPort)
            }
        }
        #expect(try await drift() == [.image])
        fixture.world.change { $0.containers = [:] }
        #expect(try await drift() == [.missing])
    }
}
