import DeploymentModel
import Reconciliation
import Synchronization
import TestSupport
import Testing

/// Steps that the machinery fails are tried again, as often as the plan's policy says.
@Suite(.tags(.small))
struct RetriedStepTests {
    let fixture = Fixture()
    private var world: SimulatedWorld { fixture.world }

    /// - Parameter attempts: as the policy has it; without pauses.
    private func plan(attempts: Int) async throws -> Plan {
        var desired = Fixture.desired([try Fixture.processor()], pins: .commit)
        desired.retry = RetryRule(attempts: attempts, backoffMilliseconds: [])
        return try await fixture.plan(desired)
    }

    /// How often a step was tried again, by what a run tells.
    private func retries(_ step: RunEvent.Step, in events: [RunEvent]) -> Int {
        events.count { event in
            if case .warning(let text) = event.kind {
                event.step == step && text.hasPrefix("tried again")
            } else {
                false
            }
        }
    }

    @Test(arguments: [
        ("build text/stats@1 arm64", RunEvent.Step.build), ("pin", .pin), ("smoke", .smoke), ("pull", .deploy),
        ("record", .record),
    ])
    func `a step that the network failed is tried again and the run is whole`(
        _ entry: String, _ step: RunEvent.Step
    ) async throws {
        let plan = try await plan(attempts: 2)
        world.change { $0.faults[entry] = Failure(.network, "bad weather") }
        let events = Mutex<[RunEvent]>([])
        let report = await fixture.apply(plan) { event in
            events.withLock { $0.append(event) }
            if case .warning = event.kind { world.change { $0.faults = [:] } }
        }
        #expect(!report.hasFailures)
        #expect(retries(step, in: events.withLock { $0 }) == 1)
        #expect(world.now.records.values.first?.applied != nil)
    }

    @Test func `it is tried as often as the policy says, and not more`() async throws {
        let plan = try await plan(attempts: 3)
        world.change { $0.faults["pull"] = Failure(.network, "bad weather") }
        let events = Mutex<[RunEvent]>([])
        let report = await fixture.apply(plan) { event in events.withLock { $0.append(event) } }
        #expect(report.entries.map(\.failures) == [[Failure(.network, "bad weather")]])
        #expect(retries(.deploy, in: events.withLock { $0 }) == 2)
    }

    @Test(arguments: [ErrorCode.imageBuild, .badResponse, .wsClose, .modal, .lease, .imagePlatform])
    func `what is somebody's fault, or is tried again elsewhere, is not tried again here`(
        _ code: ErrorCode
    ) async throws {
        let plan = try await plan(attempts: 3)
        world.change { $0.faults["smoke"] = Failure(code, "no") }
        let events = Mutex<[RunEvent]>([])
        let report = await fixture.apply(plan) { event in events.withLock { $0.append(event) } }
        #expect(report.entries.flatMap(\.failures).map(\.code) == [code])
        #expect(retries(.smoke, in: events.withLock { $0 }) == 0)
    }
}
