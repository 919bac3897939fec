import Synchronization

/// A clock whose time passes by sleeping: who sleeps wakes at once, and it is later.
///
/// A sleep of `patience` or longer is a deadline and lasts until its task is cancelled, or until the other sleeps have
/// brought the time there.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration = .zero
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant()
        var sleeps: [Duration] = []
        var deadlines: [(Instant, AsyncStream<Void>.Continuation)] = []
    }

    private let state = Mutex(State())
    private let patience: Duration

    init(patience: Duration) {
        self.patience = patience
    }

    var now: Instant { state.withLock { $0.now } }
    var minimumResolution: Duration { .nanoseconds(1) }
    /// All short sleeps so far.
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let isLong = state.withLock { state in
            let duration = state.now.duration(to: deadline)
            if duration >= patience {
                state.deadlines.append((deadline, continuation))
                return true
            }
            state.sleeps.append(duration)
            state.now = max(state.now, deadline)
            for (instant, continuation) in state.deadlines where instant <= state.now { continuation.finish() }
            return false
        }
        if isLong { for await _ in stream {} }
        try Task.checkCancellation()
        await Task.yield()
    }
}
