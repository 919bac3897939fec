package import DeploymentModel
import Synchronization

/// Holds a lease while a run works, and tells when it is lost (contract "Environments, records and leases").
package final class LeaseKeeper: Sendable {
    /// How long a lease lasts, in seconds, where nothing needs it longer.
    package static let seconds = 120
    /// How long it has to outlast an effect's deadline: the time between two renewals, and half of that again for clocks
    /// that differ.
    private static let margin = 60
    private static let period = Duration.seconds(40)

    private struct State {
        var lease: Lease
        var loss: Failure?
        /// The deadlines of the effects that are under way, in seconds.
        var deadlines: [Int] = []
    }

    private let state: Mutex<State>
    private let environment: String
    private let store: any StateStore
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Int

    private init(
        _ lease: Lease, of environment: String, in store: any StateStore, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Int
    ) {
        state = Mutex(State(lease: lease))
        self.environment = environment
        self.store = store
        self.clock = clock
        self.now = now
    }

    /// Takes those of the refs that nobody else holds.
    ///
    /// - Parameters:
    ///   - clock: what the time between renewals is measured by.
    ///   - now: seconds since 1970.
    ///   - isOver: whether the run of a lease is known to be gone, so that the lease is taken from it.
    /// - Returns: the lease, `nil` when others hold all of them; and why each of the rest can't be had.
    /// - Throws: `Failure` when the store can't be reached, or others are faster each time.
    package static func taking(
        _ refs: [ProcessorRef], of environment: String, for holder: LeaseHolder, in store: any StateStore,
        clock: any Clock<Duration>, now: @escaping @Sendable () -> Int,
        isOver: (Lease) async -> Bool = { _ in false }
    ) async throws(Failure) -> (lease: LeaseKeeper?, refused: [ProcessorRef: Failure]) {
        var (free, refused) = (refs, [ProcessorRef: Failure]())
        var rejection: Failure?
        for _ in 1...8 {
            guard !free.isEmpty else { return (nil, refused) }
            do throws(Failure) {
                let lease = try await store.acquire(free, environment: environment, for: holder, seconds: seconds)
                return (LeaseKeeper(lease, of: environment, in: store, clock: clock, now: now), refused)
            } catch {
                guard error.code == .lease else { throw error }
                rejection = error
            }
            for lease in try await store.leases(of: environment) where lease.run != holder.run {
                let held = Set(free).intersection(lease.refs)
                if !held.isEmpty, await isOver(lease) {
                    try await store.release(lease, environment: environment)
                    continue
                }
                for ref in held { refused[ref] = lease.refusal(of: [ref], in: environment) }
                free.removeAll { held.contains($0) }
            }
        }
        throw rejection ?? Failure(.lease, "'\(environment)' can't be leased")
    }

    /// The lease as it is known.
    package var lease: Lease { state.withLock { $0.lease } }

    /// - Throws: `Failure` with `ERR_LEASE` when the lease is known to be lost.
    func check() throws(Failure) {
        if let loss = state.withLock({ $0.loss }) { throw loss }
    }

    /// Does something while the lease is renewed.
    package func keeping<Value: Sendable>(_ body: () async -> Value) async -> Value {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepRenewing() }
            let value = await body()
            group.cancelAll()
            return value
        }
    }

    /// Does something on Modal; before it begins, and as long as it lasts, the lease outlives its deadline.
    ///
    /// - Throws: `Failure` with `ERR_LEASE` when the lease is lost, and what `body` throws.
    package func during<Value: Sendable>(
        deadline seconds: Int, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try check()
        state.withLock { $0.deadlines.append(seconds) }
        defer {
            state.withLock { state in state.deadlines.firstIndex(of: seconds).map { _ = state.deadlines.remove(at: $0) }
            }
        }
        // Longer than it has to be, so that the next effects need no renewal of their own.
        if lease.expiresAt < now() + seconds + Self.margin {
            try await renew(seconds: seconds + Self.margin + Self.seconds)
        }
        return try await body()
    }

    /// Gives it back.
    package func release() async throws(Failure) {
        try await store.release(lease, environment: environment)
    }

    private func keepRenewing() async {
        while true {
            do { try await clock.sleep(for: Self.period) } catch { return }
            let longest = state.withLock { $0.deadlines.max() }
            do throws(Failure) {
                try await renew(seconds: max(Self.seconds, longest.map { $0 + Self.margin } ?? 0))
            } catch {
                // What is not lost may be had the next time.
                if error.code == .lease { return }
            }
        }
    }

    private func renew(seconds: Int) async throws(Failure) {
        do throws(Failure) {
            let renewed = try await store.renew(lease, environment: environment, seconds: seconds)
            state.withLock { if $0.lease.expiresAt < renewed.expiresAt { $0.lease = renewed } }
        } catch {
            if error.code == .lease { state.withLock { $0.loss = error } }
            throw error
        }
    }
}
