import Synchronization

/// Shared by a conversation with a remote and those who wait for it: one side says that it should end, the other when the
/// remote was last heard of.
final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    private let heard = Mutex<ContinuousClock.Instant?>(nil)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }

    /// The remote was heard of, or has just been asked something.
    func noteSign() { heard.withLock { $0 = .now } }

    /// Nothing is expected from the remote for now: work goes on here, or a person is asked.
    func noteIdle() { heard.withLock { $0 = nil } }

    /// For how long the remote has been silent although it was its turn.
    var silence: Duration { heard.withLock { $0.map { .now - $0 } ?? .zero } }
}
