package import DeploymentModel
import Synchronization

/// One run of Pinion in a simulated world: it may be killed between any two effects, and others may run in between. Tasks
/// that belong to it have it as `current`.
package final class SimulatedRun: Sendable {
    @TaskLocal package static var current: SimulatedRun?

    /// What happens to a run at a turn, instead of going on at once.
    package enum Event: Sendable {
        /// It is killed: nothing of it happens any more.
        case kill
        /// Somebody interrupts it: its task is cancelled.
        case interrupt
        /// Something else happens before the effect of this name.
        case pause(@Sendable (String) async -> Void)
    }

    package let id: String
    private struct State {
        var turn = 0
        var isDead = false
        var interruption: (@Sendable () -> Void)?
    }
    private let state = Mutex(State())
    private let events: [Int: Event]
    private let witness: @Sendable (SimulatedRun, String) -> Void

    /// - Parameters:
    ///   - events: what happens before the n-th effect, counted from 1.
    ///   - witness: sees each effect that is about to happen.
    package init(
        _ id: String, events: [Int: Event], witness: @escaping @Sendable (SimulatedRun, String) -> Void = { _, _ in }
    ) {
        self.id = id
        self.events = events
        self.witness = witness
    }

    package var isDead: Bool { state.withLock { $0.isDead } }

    /// - Parameter interruption: cancels the run's task.
    package func onInterrupt(_ interruption: @escaping @Sendable () -> Void) {
        state.withLock { $0.interruption = interruption }
    }

    /// Called before each effect and each look.
    ///
    /// - Throws: `Failure` when the run is dead: a process that was killed does nothing, whatever its code says; and when
    ///   its task is cancelled, as a request is broken off then.
    package func turn(_ entry: String) async throws(Failure) {
        let (number, isDead) = state.withLock { state in
            state.turn += 1
            return (state.turn, state.isDead)
        }
        guard !isDead else { throw Self.death }
        switch events[number] {
        case .kill:
            state.withLock { $0.isDead = true }
            throw Self.death
        case .pause(let body): await SimulatedRun.$current.withValue(nil) { await body(entry) }
        case .interrupt: state.withLock { $0.interruption }?()
        case nil: break
        }
        guard !Task.isCancelled else { throw Failure(.network, "it was cancelled") }
        witness(self, entry)
    }

    private static let death = Failure(.timeout, "the run was killed")
}

/// Faults of Pinion that a simulation has to find.
package enum PlantedFault: String, Hashable, Sendable, CaseIterable {
    /// A record that was said to be written never reaches the disk, now and then.
    case lostRecord
    /// A record is written though its lease is somebody else's by now.
    case leaseWithoutFencing
    /// The two platforms of a pair are pinned one after the other.
    case pinOfOnePlatformFirst
}
