import DeploymentModel
import Reconciliation
import Simulation
import TestSupport
import Testing

/// Several environments and several repositories on one engine: each has its own containers.
@Suite(.tags(.small))
struct ContainerOwnerTests {
    private static let own = ContainerOwner(environment: "local", repository: "/a/.git/")
    private static let others = [
        ContainerOwner(environment: "staging", repository: "/a/.git/"),
        ContainerOwner(environment: "local", repository: "/b/.git/"), nil,
    ]

    private let engine: SimulatedWorld
    private let fixture: Fixture
    private let one: DesiredState
    private let two: DesiredState

    init() throws {
        engine = SimulatedWorld()
        fixture = Fixture(shared: engine, owner: Self.own)
        one = Fixture.desired([try Fixture.processor()])
        two = Fixture.desired([try Fixture.processor(inputs: "two")])
    }

    private var ownContainers: [ObservedContainer] { engine.now.containers.values.filter { $0.owner == Self.own } }

    private func findings(_ desired: DesiredState) async throws -> [DriftFinding.Kind] {
        Drift(desired, try await fixture.observed(desired)).findings.map(\.kind)
    }

    private func row(_ desired: DesiredState) async throws -> StatusRow? {
        let observed = try await fixture.observed(desired)
        return StatusRow.rows(
            desired: desired, records: observed.records, deployed: .containers(observed.containers)
        ).first
    }

    /// A container of this owner beside what was planned.
    private func start(_ name: String, spec: String = "spec", image: String = "other") async throws {
        _ = try await engine.start(
            ContainerSpec(
                name: name, processor: Processor(ref: try ProcessorRef("text/stats@1"), specHash: spec), image: image,
                platform: .amd64, environment: [:], owner: Self.own))
    }

    @Test(arguments: others, [true, false])
    func `what another owner has, or nobody, is neither used nor removed nor told of, and keeps its name`(
        owner: ContainerOwner?, isRunning: Bool
    ) async throws {
        let other = Fixture(shared: engine, owner: owner)
        #expect(!(await other.apply(try await other.plan(one))).hasFailures)
        let name = try #require(engine.now.containers.values.first?.name)
        let id = try #require(engine.now.containers.keys.first)
        if !isRunning { try await engine.stop(id, graceSeconds: 0) }
        let theirs = engine.now.containers[id]

        let plan = try await fixture.plan(one)
        #expect(plan.items.first?.deploy?.reason == "not running" && plan.items.first?.containers == [])
        #expect(!(await fixture.apply(plan)).hasFailures)
        let ours = try #require(ownContainers.first)
        #expect(ownContainers.count == 1 && ours.isRunning && ours.name.hasPrefix(name + "-"))
        #expect(try await fixture.plan(one).isEmpty)
        #expect(try await findings(one) == [])
        #expect(try await row(one)?.address == ours.hostPort.map { "http://127.0.0.1:\($0)" })

        #expect(!(await fixture.apply(try await fixture.plan(two))).hasFailures)
        #expect(engine.now.containers[ours.id] == nil && ownContainers.count == 1)
        for container in ownContainers { try await engine.remove(container.id, graceSeconds: 0) }
        #expect(try await findings(two) == [.missing])
        #expect(try await row(two)?.state == .stopped)
        #expect(try await row(two)?.address == nil)
        #expect(engine.now.containers[id] == theirs)
    }

    @Test func `one of its own that has stopped gives way to a new one of the same name`() async throws {
        await fixture.apply(try await fixture.plan(one))
        let first = try #require(ownContainers.first)
        try await engine.stop(first.id, graceSeconds: 0)
        let plan = try await fixture.plan(one)
        #expect(plan.items.first?.deploy?.reason == "its container has stopped")
        #expect(plan.items.first?.remove.map(\.name) == [first.name])
        #expect(!(await fixture.apply(plan)).hasFailures)
        #expect(ownContainers.map(\.name) == [first.name] && ownContainers.first?.id != first.id)
    }

    @Test func `what is retired is drift as long as its own container runs, whoever else wants it`() async throws {
        for some in [fixture, Fixture(shared: engine, owner: Self.others[0])] {
            await some.apply(try await some.plan(one))
        }
        let none = Fixture.desired([])
        #expect(try await findings(none) == [.orphan])
        #expect(try await row(none)?.state == .orphaned)
        let own = try #require(ownContainers.first)
        try await engine.stop(own.id, graceSeconds: 0)
        #expect(try await findings(none) == [])
        #expect(try await row(none)?.state == .stopped)
    }

    @Test func `what another run has started stays when it is not healthy, and what this one started does not`()
        async throws
    {
        let plan = try await fixture.plan(one)
        await fixture.apply(plan)
        let first = try #require(ownContainers.first)
        engine.change { $0.faults["health"] = Failure(.health, "it does not answer") }
        #expect(await fixture.apply(plan).hasFailures)
        #expect(ownContainers.map(\.id) == [first.id])
        try await engine.remove(first.id, graceSeconds: 0)
        #expect(await fixture.apply(plan).hasFailures)
        #expect(ownContainers.isEmpty)
    }

    @Test func `the rest of a saved plan removes nothing that the plan did not show`() async throws {
        await fixture.apply(try await fixture.plan(one))
        let first = try #require(ownContainers.first)
        try await start("left-over")
        try await engine.stop(first.id, graceSeconds: 0)
        let saved = try await fixture.plan(one)
        #expect(saved.items.map(\.steps) == [[.deploy, .remove]])
        // It was cut off when the new container was there.
        try await start(first.name, image: first.image ?? "")
        let rest = saved.applicable(now: try await fixture.plan(one), replans: false)
        #expect(rest.stale.isEmpty && rest.plan.items.map(\.steps) == [[.remove]])
        try await start("one-more")
        let more = saved.applicable(now: try await fixture.plan(one), replans: false)
        #expect(more.stale.map(\.changes) == [["what is removed changed"]])
    }

    @Test func `a build that may give the image that runs replaces nothing for certain`() async throws {
        await fixture.apply(try await fixture.plan(one))
        #expect(try await fixture.plan(two).items.first?.deploy?.reason == "unless the build gives the image that runs")
        let spec = Fixture.desired([try Fixture.processor(inputs: "two", spec: "other")])
        #expect(try await fixture.plan(spec).items.first?.deploy?.reason == "its spec changed")
    }

    @Test func `what is only recorded is a change, and counts`() async throws {
        await fixture.apply(try await fixture.plan(one))
        fixture.world.change { state in
            state.records = state.records.mapValues {
                $0.bound(to: RefRecord.Binding(name: "x", platform: .amd64, imageID: "y"))
            }
        }
        let plan = try await fixture.plan(one)
        #expect(plan.items.map(\.steps) == [[]])
        #expect(await fixture.apply(plan).entries.map(\.status) == [.changed])
    }
}

/// Histories that a seed decides: three owners on one engine want the same few things, containers stop and go, runs are
/// killed, and one run comes in the midst of another.
@Suite(.tags(.small))
struct OwnersAtOnceTests {
    private struct Site {
        let fixture: Fixture
        var wanted: DesiredState

        func has(_ container: ObservedContainer) -> Bool { container.owner == fixture.owner }

        func reconcile() async {
            guard let plan = try? await fixture.plan(wanted) else { return }
            _ = await fixture.apply(plan)
        }
    }

    private let engine = SimulatedWorld()
    private var sites: [Site]

    init() throws {
        let first = Fixture.desired([try Fixture.processor()])
        sites = [("local", "/a/.git/"), ("staging", "/a/.git/"), ("local", "/b/.git/")].map { [engine] in
            let owner = ContainerOwner(environment: $0, repository: $1)
            return Site(fixture: Fixture(shared: engine, owner: owner), wanted: first)
        }
    }

    @Test(arguments: 0..<UInt64(60))
    func `no owner takes anything from another, and each gets what it wants`(seed: UInt64) async throws {
        var (random, sites) = (SeededGenerator(seed: seed), sites)
        for _ in 0..<25 {
            let index = Int.random(in: sites.indices, using: &random)
            let container = engine.now.containers.values.sorted { $0.id < $1.id }.randomElement(using: &random)
            switch (Int.random(in: 0..<8, using: &random), container) {
            case (0, let container?): try await engine.stop(container.id, graceSeconds: 0)
            case (1, let container?): try await engine.remove(container.id, graceSeconds: 0)
            case (0...3, _):
                let (inputs, spec) = (Int.random(in: 0..<2, using: &random), Int.random(in: 0..<2, using: &random))
                sites[index].wanted = Fixture.desired([
                    try Fixture.processor(inputs: "\(inputs)", spec: "\(spec)")
                ])
            default:
                let (site, other) = (sites[index], sites[(index + 1) % sites.count])
                var events: [Int: SimulatedRun.Event] = [:]
                if Bool.random(using: &random) {
                    events[Int.random(in: 1...12, using: &random)] = .pause { _ in await other.reconcile() }
                }
                if Bool.random(using: &random) { events[Int.random(in: 1...12, using: &random)] = .kill }
                let before = engine.now.containers.filter { !site.has($0.value) && !other.has($0.value) }
                let run = SimulatedRun("r", events: events)
                await SimulatedRun.$current.withValue(run) { await site.reconcile() }
                let after = engine.now.containers.filter { !site.has($0.value) && !other.has($0.value) }
                #expect(before == after)
                if !run.isDead { try await expectPeace(of: site) }
            }
        }
        for site in sites { await site.reconcile() }
        for site in sites { try await expectPeace(of: site) }
        #expect(engine.now.containers.count == sites.count)
        #expect(Set(engine.now.containers.values.map(\.name)).count == sites.count)
    }

    private func expectPeace(of site: Site) async throws {
        let own = engine.now.containers.values.filter(site.has)
        #expect(own.count == 1 && own.first?.isRunning == true)
        #expect(own.first?.specHash == site.wanted.processors.first?.processor.specHash)
        #expect(try await site.fixture.plan(site.wanted).isEmpty)
        #expect(Drift(site.wanted, try await site.fixture.observed(site.wanted)).findings == [])
    }
}
