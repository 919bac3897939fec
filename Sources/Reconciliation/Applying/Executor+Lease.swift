import DeploymentModel

/// What happens on Modal happens under a lease, so that two runs never change one app at once. Containers need none: the
/// engine lets only one have a name.
extension Executor {
    /// How long an effect on Modal may last, in seconds, as the driver keeps it.
    enum Deadline {
        static let deploy = 600
        static let other = 60
    }

    /// Works on those items of the plan that are not somebody else's, and records what came of them; the others fail.
    func leasing(_ plan: Plan, _ work: (Executor, [PlanItem]) async -> [ItemOutcome]) async {
        guard plan.target == .modal, !plan.items.isEmpty else { return await record(work(self, plan.items), plan) }
        do throws(Failure) {
            let (lease, refused) = try await LeaseKeeper.taking(
                plan.items.map(\.ref), of: plan.environment, for: holder, in: services.store, clock: clock, now: now,
                isOver: isOver)
            for item in plan.items { if let failure = refused[item.ref] { refuse(item, failure) } }
            guard let lease else { return }
            var leased = self
            leased.lease = lease
            let items = plan.items.filter { refused[$0.ref] == nil }
            let outcomes = await lease.keeping { await work(leased, items) }
            await leased.record(outcomes, plan)
        } catch {
            for item in plan.items { refuse(item, error) }
        }
    }

    /// Does something on Modal that has to be over while the lease lasts.
    func underLease<Value: Sendable>(
        deadline seconds: Int, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard let lease else { return try await body() }
        return try await lease.during(deadline: seconds, body)
    }

    /// Tells that nothing of the item is done.
    private func refuse(_ item: PlanItem, _ failure: Failure) {
        let first = item.steps.first ?? .record
        log.add(item.ref, first, .failed(failure))
        if item.steps.count > 1 { log.add(item.ref, first, .skipped(Array(item.steps.dropFirst()))) }
    }
}
