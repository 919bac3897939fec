import DeploymentModel
import Reconciliation
import Synchronization
import TestSupport
import Testing

/// A run that is told to stop: nothing new begins, what would be torn is finished, and the rest is told of.
@Suite(.tags(.small))
struct InterruptedRunTests {
    let fixture = FunctionFixture()
    private var world: SimulatedWorld { fixture.fixture.world }

    /// Applies a plan and cancels it when an event comes.
    private func apply(
        _ plan: Plan, until isTime: @escaping @Sendable (RunEvent) -> Bool,
        then happens: @escaping @Sendable () -> Void = {}
    ) async -> RunReport {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let running = Mutex<Task<RunReport, Never>?>(nil)
        let task = Task {
            for await _ in started { break }
            return await fixture.apply(plan) { event in
                guard isTime(event) else { return }
                running.withLock { $0?.cancel() }
                happens()
            }
        }
        running.withLock { $0 = task }
        start.yield()
        return await task.value
    }

    private func isStart(of step: RunEvent.Step) -> @Sendable (RunEvent) -> Bool {
        { event in if case .started = event.kind { event.step == step } else { false } }
    }

    @Test func `a deployment is finished and recorded, what comes after it is left, and the next run carries on`()
        async throws
    {
        let desired = FunctionFixture.desired([try FunctionFixture.processor("text/stats@1")])
        let plan = try await fixture.plan(desired)
        let report = await apply(plan, until: isStart(of: .deploy))
        let entry = try #require(report.entries.first)
        #expect(entry.status == .interrupted && entry.failures.isEmpty)
        #expect(entry.done.contains { $0.hasPrefix("deploy: ") })
        #expect(entry.skipped == [.smoke])
        #expect(report.hasFailures && !report.isRefused)
        #expect(fixture.modal.now.apps.count == 1)
        #expect(world.now.recordCommits == 1, "what is pinned is recorded")
        #expect(try await world.leases(of: "staging").isEmpty, "the lease is given back")

        let next = try await fixture.plan(desired)
        let (rest, stale) = plan.applicable(now: next, replans: false)
        #expect(stale.isEmpty && rest.items == next.items, "what is left was shown")
        #expect(!(await fixture.apply(rest)).hasFailures)
        #expect(try await fixture.plan(desired).isEmpty)

        // What is to be done after somebody stopped it was in the plan, too, and is not what was shown.
        fixture.modal.change { $0.apps = [:] }
        let later = plan.applicable(now: try await fixture.plan(desired), replans: false)
        #expect(later.plan.items.isEmpty)
        #expect(later.stale.first?.changes.first == "what was applied changed")
    }

    @Test func `a test that is broken off has not failed, and no other processor begins`() async throws {
        let refs = ["text/stats@1", "llm/litellm@1", "tools/hash@1", "tools/word@1"]
        let desired = FunctionFixture.desired(try refs.map { try FunctionFixture.processor($0) })
        let world = world
        let report = await apply(try await fixture.plan(desired), until: isStart(of: .smoke)) {
            world.change { $0.faults["smoke"] = Failure(.network, "cancelled") }
        }
        #expect(report.entries.map(\.status) == Array(repeating: .interrupted, count: 4))
        #expect(report.entries.flatMap(\.failures).isEmpty)
        #expect(fixture.modal.now.apps.isEmpty)
        world.change { $0.faults = [:] }
        #expect(!(await fixture.apply(try await fixture.plan(desired))).hasFailures)
    }

    @Test func `the lease of a run that is known to be gone is taken over, that of another one is not`() async throws {
        let desired = FunctionFixture.desired(
            try ["text/stats@1", "llm/litellm@1"].map { try FunctionFixture.processor($0) })
        let plan = try await fixture.plan(desired)
        for (ref, run) in [("text/stats@1", "dead"), ("llm/litellm@1", "alive")] {
            _ = try await world.acquire(
                [ProcessorRef(ref)], environment: "staging", for: LeaseHolder(holder: "Ann", host: "one", run: run),
                seconds: 3_600)
        }
        let report = await fixture.apply(plan, gone: ["dead"])
        #expect(report.entries.map(\.status) == [.failed, .changed])
        #expect(report.entries.first?.failures.map(\.code) == [.lease])
        let kept = try await world.leases(of: "staging")
        #expect(kept.map(\.run) == ["alive"])
    }
}
