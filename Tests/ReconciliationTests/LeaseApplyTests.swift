import DeploymentModel
import Reconciliation
import Synchronization
import TestSupport
import Testing

/// Applying under a lease: who is kept out, what goes on, and what a lost lease ends.
@Suite(.tags(.small))
struct LeaseApplyTests {
    let fixture = FunctionFixture()
    private var world: SimulatedWorld { fixture.fixture.world }
    private let other = LeaseHolder(holder: "Bob", host: "two", run: "r2")

    private func desired(_ refs: String...) throws -> DesiredState {
        FunctionFixture.desired(try refs.map { try FunctionFixture.processor($0) })
    }

    private var leaseEntries: [String] {
        world.now.log.filter { entry in ["acquire", "renew", "release"].contains { entry.hasPrefix($0) } }
    }

    @Test func `an apply takes a lease that outlives the deploy, and gives it back with the records`() async throws {
        let plan = try await fixture.plan(try desired("llm/litellm@1", "text/stats@1"))
        let longest = Mutex(0)
        let report = await fixture.apply(plan) { event in
            guard event.step == .deploy, case .finished = event.kind else { return }
            longest.withLock { $0 = max($0, world.now.leases["staging"]?["r1"]?.expiresAt ?? 0) }
        }
        #expect(!report.hasFailures)
        let lease = try #require(world.now.leases["staging"]?["r1"])
        #expect(lease.refs == plan.items.map(\.ref))
        #expect((lease.holder, lease.host) == ("Ann", "one"))
        #expect(try await world.leases(of: "staging").isEmpty)
        // Renewed to outlive the 600 seconds of a deploy.
        #expect(Set(leaseEntries) == ["acquire", "renew"])
        #expect(longest.withLock { $0 } >= 1_000 + 660)
        #expect(world.now.recordCommits == 1)
    }

    @Test func `what has nothing to do takes no lease, and containers need none`() async throws {
        let desired = try desired("text/stats@1")
        try await fixture.settle(desired)
        let before = world.now.log
        await fixture.apply(try await fixture.plan(desired))
        #expect(world.now.log.filter { $0 != "containers" } == before.filter { $0 != "containers" })
        let local = Fixture()
        await local.apply(try await local.plan(Fixture.desired([try Fixture.processor()])))
        #expect(local.world.now.leases.isEmpty)
    }

    @Test func `refs that somebody else holds fail with who and until when, and the rest goes on`() async throws {
        let held = try ProcessorRef("llm/litellm@1")
        let plan = try await fixture.plan(try desired("llm/litellm@1", "text/stats@1"))
        let theirs = try await world.acquire([held], environment: "staging", for: other, seconds: 120)
        let report = await fixture.apply(plan)
        let entry = try #require(report.entries.first { $0.ref == held })
        #expect(entry.failures.map(\.code) == [.lease])
        #expect(
            entry.failures.first?.message
                == "llm/litellm@1 in 'staging': held by Bob on two, run r2, until 1970-01-01T00:18:40Z")
        #expect(entry.skipped.count == plan.items[0].steps.count - 1)
        #expect(report.entries.map(\.status) == [.failed, .changed])
        #expect(fixture.modal.now.log == ["deploy text-stats-v1"])
        #expect(Array(world.now.records.keys) == [try ProcessorRef("text/stats@1")])
        #expect(try await world.leases(of: "staging") == [theirs])
    }

    @Test func `when others hold everything, nothing is synced`() async throws {
        let names = SecretNames(required: ["API_KEY"])
        let value = SecretValue("API_KEY", ["API_KEY": "one"])
        let desired = FunctionFixture.desired([try FunctionFixture.processor(secrets: names)])
        let plan = try await fixture.plan(desired, secrets: [value])
        _ = try await world.acquire(plan.items.map(\.ref), environment: "staging", for: other, seconds: 120)
        let report = await fixture.apply(plan, secrets: [value])
        #expect(report.entries.flatMap(\.failures).map(\.code) == [.lease])
        #expect(report.isRefused)
        #expect(fixture.modal.now.log.isEmpty)
    }

    @Test func `an end that passed keeps nobody out`() async throws {
        let plan = try await fixture.plan(try desired("text/stats@1"))
        _ = try await world.acquire(plan.items.map(\.ref), environment: "staging", for: other, seconds: 120)
        world.change { $0.time += 120 }
        #expect(!(await fixture.apply(plan)).hasFailures)
    }

    /// What another run does when it finds the refs free.
    private func takeOver(_ refs: [ProcessorRef]) {
        world.change { state in
            let leases = Leases(state.leases["staging"].map { Array($0.values) } ?? [], of: "staging")
            let theirs = try? leases.acquired(refs, for: other, seconds: 120, at: state.time)
            state.leases["staging"]?["r2"] = theirs
        }
    }

    @Test func `a lease that is lost ends what remains, and no record lands`() async throws {
        let plan = try await fixture.plan(try desired("llm/litellm@1", "text/stats@1"))
        let refs = plan.items.map(\.ref)
        let report = await fixture.apply(plan) { event in
            // Whoever sleeps through the end of its lease finds that somebody else took the refs.
            guard event.step == .pin, case .finished = event.kind else { return }
            world.change { $0.time += 200 }
            takeOver(refs)
        }
        #expect(fixture.modal.now.log.isEmpty)
        #expect(report.entries.flatMap(\.failures).map(\.code) == [.lease, .lease])
        #expect(report.failures.map(\.code) == [.lease])
        #expect(world.now.records.isEmpty)
        #expect(try await world.leases(of: "staging").map(\.run) == ["r2"])
    }

    @Test func `a lease is renewed as long as the run lasts, and for longer during an effect`() async throws {
        let clock = StepClock()
        let (held, _) = try await LeaseKeeper.taking(
            [try ProcessorRef("text/stats@1")], of: "staging", for: other, in: world, clock: clock,
            now: { world.now.time })
        let keeper = try #require(held)
        await keeper.keeping {
            for _ in 1...5 {
                #expect(await clock.step() == .seconds(40))
                world.change { $0.time += 40 }
            }
            // The last one is certain to be done when its successor begins to wait.
            #expect(world.now.leases["staging"]?["r2"]?.expiresAt ?? 0 >= world.now.time + 80)
            do throws(Failure) {
                try await keeper.during(deadline: 600) { () throws(Failure) in
                    #expect(keeper.lease.expiresAt >= world.now.time + 660)
                    for _ in 1...8 {
                        _ = await clock.step()
                        world.change { $0.time += 40 }
                    }
                    #expect(keeper.lease.expiresAt >= world.now.time + 600)
                }
            } catch { Issue.record(error) }
        }
    }

    @Test func `an effect does not begin without a lease that outlives it`() async throws {
        let ref = try ProcessorRef("text/stats@1")
        let (held, _) = try await LeaseKeeper.taking(
            [ref], of: "staging", for: LeaseHolder(holder: "Ann", host: "one", run: "r1"), in: world,
            clock: StepClock(), now: { world.now.time })
        let keeper = try #require(held)
        world.change { $0.faults["renew"] = Failure(.git, "no answer") }
        let unreachable = await #expect(throws: Failure.self) {
            try await keeper.during(deadline: 600) { () throws(Failure) in Issue.record("it began") }
        }
        #expect(unreachable?.code == .git)
        world.change {
            $0.faults = [:]
            $0.time += 200
        }
        takeOver([ref])
        for _ in 1...2 {
            let lost = await #expect(throws: Failure.self) {
                try await keeper.during(deadline: 60) { () throws(Failure) in Issue.record("it began") }
            }
            #expect(lost?.code == .lease)
        }
    }
}

/// A clock whose time passes when a test says so.
private final class StepClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration = .zero
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let asked = AsyncStream.makeStream(of: Duration.self)
    private let allowed = AsyncStream.makeStream(of: Void.self)
    private let time = Mutex(Instant())

    var now: Instant { time.withLock { $0 } }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        asked.continuation.yield(now.duration(to: deadline))
        for await _ in allowed.stream { break }
        try Task.checkCancellation()
        time.withLock { $0 = max($0, deadline) }
    }

    /// Waits for somebody to sleep, and wakes them.
    ///
    /// - Returns: how long they wanted to sleep.
    func step() async -> Duration? {
        for await duration in asked.stream {
            allowed.continuation.yield()
            return duration
        }
        return nil
    }
}

/// What a journal is told, and when.
@Suite(.tags(.small))
struct JournalTests {
    /// Notes the entries, and how many effects there had been at each.
    private final class Notes: Journal {
        let world: SimulatedWorld
        private let notes = Mutex<[(entry: JournalEntry, effects: [String])]>([])

        init(_ world: SimulatedWorld) { self.world = world }

        var all: [(entry: JournalEntry, effects: [String])] { notes.withLock { $0 } }

        func write(_ entry: JournalEntry) {
            let effects = world.now.log
            notes.withLock { $0.append((entry, effects)) }
        }
    }

    @Test func `an intent is written before its effect, and what came of it after`() async throws {
        let fixture = Fixture()
        let plan = try await fixture.plan(Fixture.desired([try Fixture.processor()]))
        fixture.world.change { $0.faults["start"] = Failure(.docker, "no room") }
        let notes = Notes(fixture.world)
        let log = EventLog(clock: { 1 }, journal: notes, observer: { _ in })
        _ = await Executor(
            fixture.services, as: LeaseHolder(holder: "Ann", host: "one", run: "r1"), log: log, parallelism: 1,
            now: { 1 }, discard: { _ in }
        ).apply(plan)
        let smoke = notes.all.filter { $0.entry.step == "smoke" }
        #expect(smoke.map(\.entry.kind) == [.intent, .done])
        #expect(smoke.map { $0.effects.contains("smoke text/stats@1") } == [false, true])
        let deploy = notes.all.filter { $0.entry.step == "deploy" }
        #expect(deploy.map(\.entry.kind) == [.intent, .failed])
        #expect(deploy.last?.entry.text == "ERR_DOCKER: no room")
        #expect(notes.all.last?.entry.step == "record")
    }
}
