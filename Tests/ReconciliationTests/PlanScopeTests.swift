import DeploymentModel
import Reconciliation
import TestSupport
import Testing

/// A plan may do what its lane names, and nothing else.
@Suite(.tags(.small))
struct PlanScopeTests {
    private let fixture = FunctionFixture()
    private let key = SecretNames(required: ["API_KEY"])
    private let value = SecretValue("API_KEY", ["API_KEY": "one"])

    private func desired() throws -> DesiredState {
        FunctionFixture.desired([try FunctionFixture.processor(secrets: key)])
    }

    private static let all: PlanScope = {
        var scope = PlanScope()
        scope.builds = [.amd64, .arm64]
        (scope.pins, scope.smokes, scope.probes, scope.smokesDeployed) = (true, true, true, true)
        return scope
    }()

    @Test func `a lane that names all leaves a plan as it is`() async throws {
        let plan = try await fixture.plan(desired(), secrets: [value])
        #expect(plan.within(Self.all, lane: "staging") == plan)
    }

    @Test func `tests that the lane does not name are left out`() async throws {
        var scope = Self.all
        (scope.smokes, scope.probes) = (false, false)
        let plan = try await fixture.plan(desired(), secrets: [value]).within(scope, lane: "staging")
        #expect(plan.items.map(\.steps) == [[.build, .pin, .deploy, .smoke]])
        scope.smokesDeployed = false
        let bare = plan.within(scope, lane: "staging")
        #expect(bare.items.map(\.steps) == [[.build, .pin, .deploy]])
        // When tests are all that is missing, nothing is to be done.
        await fixture.apply(bare, secrets: [value])
        let second = try await fixture.plan(desired())
        #expect(second.items.map(\.steps) == [[.smoke, .probe, .smoke]])
        let nothing = second.within(scope, lane: "staging")
        #expect(nothing.isEmpty && nothing.unchanged == second.items.map(\.ref))
    }

    @Test func `what would have to be built or pinned is refused, and says which platform`() async throws {
        var scope = Self.all
        scope.builds = [.amd64]
        let plan = try await fixture.plan(desired(), secrets: [value])
        let unbuilt = plan.within(scope, lane: "main")
        #expect(unbuilt.items.isEmpty)
        #expect(
            unbuilt.blocked.map(\.failure.message) == [
                "llm/litellm@1 has to be built for linux/arm64, which the lane 'main' does not do"
            ])
        scope = Self.all
        scope.pins = false
        #expect(
            plan.within(scope, lane: "main").blocked.map(\.failure.message) == [
                "llm/litellm@1 has to be pinned, which the lane 'main' does not do"
            ])
    }
}
