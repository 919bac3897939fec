import Reconciliation
import Synchronization

/// Runs all tasks of a simulation on the thread that waits for them, one job after the other in the order in which they
/// were made: the same seed gives the same run.
final class SerialTaskExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs jobs until the body is over. Nothing in a simulation waits for anything outside of it.
    func run(_ body: @escaping @Sendable () async -> Void) {
        let isOver = Atomic(false)
        Task(executorPreference: self) {
            await Shield.$executor.withValue(self) { await body() }
            isOver.store(true, ordering: .releasing)
        }
        while !isOver.load(ordering: .acquiring) {
            let next = jobs.withLock { jobs in jobs.isEmpty ? nil : jobs.removeFirst() }
            guard let next else { fatalError("the simulation waits for what never happens") }
            next.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

/// A clock on which nobody wakes up: what sleeps in a simulation sleeps until it is cancelled.
struct StoppedClock: Clock {
    struct Instant: InstantProtocol {
        let offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    var now: Instant { Instant(offset: .zero) }
    var minimumResolution: Duration { .seconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let waiting = AsyncStream<Never> { _ in }
        for await _ in waiting {}
        throw CancellationError()
    }
}
