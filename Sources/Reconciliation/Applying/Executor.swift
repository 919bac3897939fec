package import DeploymentModel

/// Applies a plan: item by item, several at a time, each to its end or to its first failure.
package struct Executor: Sendable {
    let services: Services
    let holder: LeaseHolder
    let log: EventLog
    private let parallelism: Int
    /// The values that may be synced.
    let secrets: [SecretValue]
    /// Seconds since 1970.
    let now: @Sendable () -> Int
    let clock: any Clock<Duration>
    /// Says of another run's lease whether that run is known to be gone, with all that it had begun.
    let isOver: @Sendable (Lease) async -> Bool
    /// Removes a temporary file.
    let discard: @Sendable (String) -> Void
    /// What the items are worked on under; `nil` where none is needed.
    var lease: LeaseKeeper?
    /// How often a step is tried.
    var retry = RetryRule(attempts: 1)

    /// The id of the run, for trailers and execution ids.
    var run: String { holder.run }

    /// - Parameters:
    ///   - holder: who applies it, in which run.
    ///   - parallelism: how many refs are worked on at once.
    ///   - secrets: the values of the secrets that plans say to write.
    ///   - now: seconds since 1970, for evidence and leases.
    ///   - clock: what the time between two renewals of a lease is measured by.
    ///   - isOver: whether the run of a lease is known to be gone; its lease is taken over then.
    ///   - discard: removes a context archive when it is no longer needed.
    package init(
        _ services: Services, as holder: LeaseHolder, log: EventLog, parallelism: Int, secrets: [SecretValue] = [],
        now: @escaping @Sendable () -> Int, clock: any Clock<Duration> = ContinuousClock(),
        isOver: @escaping @Sendable (Lease) async -> Bool = { _ in false },
        discard: @escaping @Sendable (String) -> Void
    ) {
        self.services = services
        self.holder = holder
        self.log = log
        self.parallelism = max(1, parallelism)
        self.secrets = secrets
        self.now = now
        self.clock = clock
        self.isOver = isOver
        self.discard = discard
    }

    /// Does what the plan says and nothing else. A failure ends its own item alone.
    package func apply(_ plan: Plan) async -> RunReport {
        var executor = self
        executor.retry = plan.retry
        await executor.leasing(plan) { executor, items in await executor.work(items, of: plan) }
        return RunReport(plan, run: run, events: log.all)
    }

    private func work(_ items: [PlanItem], of plan: Plan) async -> [ItemOutcome] {
        guard await sync(plan) else {
            for item in items {
                let kind: RunEvent.Kind = Task.isCancelled ? .interrupted(item.steps) : .skipped(item.steps)
                log.add(item.ref, .sync, kind)
            }
            return []
        }
        var outcomes: [ItemOutcome] = []
        await withTaskGroup(of: ItemOutcome.self) { group in
            var waiting = items[...]
            for item in waiting.prefix(parallelism) { group.addTask { await apply(item) } }
            waiting = waiting.dropFirst(parallelism)
            for await outcome in group {
                outcomes.append(outcome)
                if let next = waiting.popFirst() { group.addTask { await apply(next) } }
            }
        }
        await stop(plan.stops)
        return outcomes
    }

    /// Writes what came of all items in one commit, which also gives the lease back.
    func record(_ outcomes: [ItemOutcome], _ plan: Plan) async {
        let records = outcomes.compactMap(\.record).sorted { $0.ref < $1.ref }
        guard !records.isEmpty else {
            // One that can't be given back runs out by itself.
            if let lease { try? await Shield.whole { () throws(Failure) in try await lease.release() } }
            return
        }
        log.add(nil, .record, .started)
        let message =
            (["\(plan.environment): \(records.map(\.ref.description).joined(separator: ", "))", ""]
            + ["Pinion-Run: \(run)", "Pinion-Commit: \(plan.commit)", "Pinion-Snapshot: \(plan.snapshotID)", ""])
            .joined(separator: "\n")
        do throws(Failure) {
            let commit = try await Shield.whole { () throws(Failure) in
                try await retrying(nil, .record, nil) { () throws(Failure) in
                    try await services.store.write(
                        records, environment: plan.environment, message: message, under: lease?.lease, releasing: true)
                }
            }
            log.add(
                nil, .record,
                .finished(commit.map { "refs/pinion/env/\(plan.environment) at \($0.prefix(7))" } ?? "unchanged"))
        } catch { log.add(nil, .record, .failed(error)) }
    }
}

/// What is known of an item after it was worked on.
struct ItemOutcome: Sendable {
    /// The record to write; `nil` when nothing of it was reached.
    let record: RefRecord?
}
