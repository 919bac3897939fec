import DeploymentModel
import Reconciliation
import TestSupport
import Testing

/// Whose containers a plan looks at, and which of them it may remove.
@Suite(.tags(.small))
struct ContainerOwnerTests {
    private let fixture = Fixture()
    private let own = ContainerOwner(environment: "local", repository: "/a/.git/")

    private func observed(_ desired: DesiredState, claimed: Set<String> = []) async throws -> ObservedState {
        try await Observer(
            store: fixture.world, registry: fixture.world, deployments: .docker(fixture.world), owner: own,
            claimed: { claimed }
        ).observe(desired)
    }

    private func plan(_ desired: DesiredState, claimed: Set<String> = []) async throws -> Plan {
        await Planner(desired: desired, observed: try await observed(desired, claimed: claimed), platform: .amd64)
            .plan()
    }

    /// The same container with another owner, and perhaps another name.
    private func give(to owner: ContainerOwner?, named name: String? = nil) {
        fixture.world.change { state in
            state.containers = state.containers.mapValues { container in
                ObservedContainer(
                    id: container.id, name: name ?? container.name, ref: container.ref, imageID: container.imageID,
                    isRunning: container.isRunning, specHash: container.specHash, hostPort: container.hostPort,
                    owner: owner)
            }
        }
    }

    private let one: DesiredState
    private let two: DesiredState

    init() throws {
        one = Fixture.desired([try Fixture.processor()])
        two = Fixture.desired([try Fixture.processor(inputs: "two")])
    }

    @Test(arguments: [nil, "local"])
    func
        `what is its own, or nobody's, is removed once another takes its place, unless others have it in their records`(
            environment: String?
        ) async throws
    {
        await fixture.apply(try await plan(one))
        give(to: environment.map { ContainerOwner(environment: $0, repository: "/a/.git/") })
        let name = try #require(fixture.world.now.containers.values.first?.name)
        #expect(try await plan(two).items.first?.remove.map(\.name) == [name])
        let shared = try await plan(two, claimed: [name])
        #expect(shared.items.first?.remove == [] && shared.items.first?.deploy != nil)
    }

    @Test func `that of another environment of the repository is used, and is not its to remove`() async throws {
        await fixture.apply(try await plan(one))
        give(to: ContainerOwner(environment: "staging", repository: "/a/.git/"))
        #expect(try await plan(one).isEmpty)
        #expect(try await Drift(one, observed(one)).findings == [])
        // As if it had never been used here.
        fixture.world.change { state in
            state.records = [:]
        }
        #expect(try await plan(two).items.first?.remove == [])
    }

    @Test func `that of another repository is neither used nor removed nor told of`() async throws {
        await fixture.apply(try await plan(one))
        give(to: ContainerOwner(environment: "local", repository: "/b/.git/"))
        let plan = try await plan(one)
        #expect(plan.items.first?.deploy?.reason == "not running" && plan.items.first?.remove == [])
        #expect(try await Drift(one, observed(one)).findings.map(\.kind) == [.missing])
        let rows = StatusRow.rows(
            desired: one, records: fixture.world.now.records, deployed: .containers(try await observed(one).containers))
        #expect(rows.map(\.state) == [.stopped])
    }

    @Test func `a build that may give the image that runs replaces nothing for certain`() async throws {
        await fixture.apply(try await plan(one))
        #expect(try await plan(two).items.first?.deploy?.reason == "unless the build gives the image that runs")
        let spec = Fixture.desired([try Fixture.processor(inputs: "two", spec: "other")])
        #expect(try await plan(spec).items.first?.deploy?.reason == "its spec changed")
    }

    @Test func `what is only recorded is a change, and counts`() async throws {
        await fixture.apply(try await plan(one))
        fixture.world.change { state in
            state.records = state.records.mapValues {
                $0.bound(to: RefRecord.Binding(name: "x", platform: .amd64, imageID: "y"))
            }
        }
        let plan = try await plan(one)
        #expect(plan.items.map(\.steps) == [[]])
        #expect(await fixture.apply(plan).entries.map(\.status) == [.changed])
    }
}
