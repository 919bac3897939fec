package import DeploymentModel

/// Applies a plan: item by item, several at a time, each to its end or to its first failure.
package struct Executor: Sendable {
    let services: Services
    let run: String
    let log: EventLog
    private let parallelism: Int
    /// The values that may be synced.
    let secrets: [SecretValue]
    /// Seconds since 1970.
    let now: @Sendable () -> Int
    /// Removes a temporary file.
    let discard: @Sendable (String) -> Void

    /// - Parameters:
    ///   - run: the id of the run, for trailers and execution ids.
    ///   - parallelism: how many refs are worked on at once.
    ///   - secrets: the values of the secrets that plans say to write.
    ///   - now: seconds since 1970, for evidence.
    ///   - discard: removes a context archive when it is no longer needed.
    package init(
        _ services: Services, run: String, log: EventLog, parallelism: Int, secrets: [SecretValue] = [],
        now: @escaping @Sendable () -> Int,
        discard: @escaping @Sendable (String) -> Void
    ) {
        self.services = services
        self.run = run
        self.log = log
        self.parallelism = max(1, parallelism)
        self.secrets = secrets
        self.now = now
        self.discard = discard
    }

    /// Does what the plan says and nothing else. A failure ends its own item alone.
    package func apply(_ plan: Plan) async -> RunReport {
        var outcomes: [ItemOutcome] = []
        guard await sync(plan) else { return RunReport(plan, run: run, events: log.all) }
        await withTaskGroup(of: ItemOutcome.self) { group in
            var waiting = plan.items[...]
            for item in waiting.prefix(parallelism) { group.addTask { await apply(item) } }
            waiting = waiting.dropFirst(parallelism)
            for await outcome in group {
                outcomes.append(outcome)
                if let next = waiting.popFirst() { group.addTask { await apply(next) } }
            }
        }
        await stop(plan.stops)
        await record(outcomes, plan)
        return RunReport(plan, run: run, events: log.all)
    }

    /// Writes what came of all items in one commit.
    private func record(_ outcomes: [ItemOutcome], _ plan: Plan) async {
        let records = outcomes.compactMap(\.record).sorted { $0.ref < $1.ref }
        guard !records.isEmpty else { return }
        log.add(nil, .record, .started)
        let message =
            (["\(plan.environment): \(records.map(\.ref.description).joined(separator: ", "))", ""]
            + ["Pinion-Run: \(run)", "Pinion-Commit: \(plan.commit)", "Pinion-Snapshot: \(plan.snapshotID)", ""])
            .joined(separator: "\n")
        do throws(Failure) {
            let commit = try await services.store.write(records, environment: plan.environment, message: message)
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
