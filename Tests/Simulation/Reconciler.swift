import DeploymentModel
import Reconciliation
import TestSupport

/// What goes wrong while a run is under way.
struct Weather: Sendable {
    /// Failures by the start of the effect that they stop.
    var faults: [String: Failure] = [:]
    /// Those of the faults that are over once they have failed something.
    var passing: Set<String> = []
    /// Failures by the start of the effect on Modal that is done, and of which the answer is lost.
    var lost: [String: Failure] = [:]
    /// How many processors are worked on at once.
    var parallelism = 1
}

/// A run of Pinion in one environment of the simulated world.
struct Reconciler: Sendable {
    private let site: Site
    private let id: String
    private var holder: LeaseHolder { LeaseHolder(holder: "somebody", host: "here", run: id) }

    init(_ site: Site, _ id: String) {
        self.site = site
        self.id = id
    }

    func observe(_ desired: DesiredState, _ secrets: [SecretValue] = []) async throws(Failure) -> ObservedState {
        try await Observer(
            store: site.world, registry: site.world,
            deployments: .modal(site.modal, owner: { _ in .environment }, secrets: secrets)
        ).observe(desired)
    }

    func plan(
        _ desired: DesiredState, _ secrets: [SecretValue]
    ) async throws(Failure) -> (ObservedState, Plan) {
        let observed = try await observe(desired, secrets)
        return (observed, await Planner(desired: desired, observed: observed, platform: .amd64).plan())
    }

    /// Reconciles the environment.
    func run(
        _ desired: DesiredState, _ secrets: [SecretValue], _ weather: Weather, _ events: [Int: SimulatedRun.Event]
    ) async {
        let rules = site.rules
        await living(weather, events) { run in
            do throws(Failure) {
                let (_, plan) = try await plan(desired, secrets)
                rules.read("\(plan)")
                let report = await apply(plan, secrets, weather)
                rules.read("\(report)")
                // With another one in between, what it recorded may be history already.
                if !run.isDead, !report.hasFailures, events.isEmpty { rules.checkRecorded(plan) }
            } catch { rules.read("\(error)") }
        }
    }

    /// Writes what the environment wants from now on, under a lease.
    ///
    /// - Parameter change: gives the records to write, from what is there once the lease is had.
    func change(
        _ refs: [ProcessorRef], _ events: [Int: SimulatedRun.Event],
        _ change: @escaping @Sendable ([ProcessorRef: RefRecord]) -> [RefRecord]
    ) async {
        let (site, holder) = (site, holder)
        await living(Weather(), events) { _ in
            do throws(Failure) {
                let (lease, refused) = try await LeaseKeeper.taking(
                    refs, of: site.name, for: holder, in: site.world, clock: StoppedClock(),
                    now: { site.world.now.time })
                guard let lease, refused.isEmpty else { return }
                let records = change(try await site.world.records(of: site.name))
                _ = try await site.world.write(
                    records, environment: site.name, message: "change", under: lease.lease, releasing: true)
            } catch { site.rules.read("\(error)") }
        }
    }

    /// Does something as a run that may be killed or interrupted, in its own weather.
    private func living(
        _ weather: Weather, _ events: [Int: SimulatedRun.Event],
        _ body: @escaping @Sendable (SimulatedRun) async -> Void
    ) async {
        let (world, modal, rules) = (site.world, site.modal, site.rules)
        let run = SimulatedRun(id, events: events) { run, entry in rules.witness(run, entry) }
        // Weather is over the world, and this run's alone: the one in between has its own.
        let before = (world.now.faults, world.now.passing, modal.now.faults, modal.now.lostAnswers)
        world.change {
            $0.faults = weather.faults
            $0.passing = weather.passing
        }
        modal.change {
            $0.faults = weather.faults
            $0.lostAnswers = weather.lost
        }
        // A task of its own, for it may be cancelled, and nothing else with it.
        let task = Task(executorPreference: Shield.executor) {
            await SimulatedRun.$current.withValue(run) { await body(run) }
        }
        run.onInterrupt { task.cancel() }
        await task.value
        world.change {
            $0.faults = before.0
            $0.passing = before.1
        }
        modal.change {
            $0.faults = before.2
            $0.lostAnswers = before.3
        }
    }

    private func apply(_ plan: Plan, _ secrets: [SecretValue], _ weather: Weather) async -> RunReport {
        let world = site.world
        let services = Services(
            builder: world, registry: world, engine: world, localImages: world, contexts: world, store: world,
            pins: world, smoke: world, functions: site.modal)
        return await Executor(
            services, as: holder, log: EventLog(clock: { 0 }) { _ in }, parallelism: weather.parallelism,
            secrets: secrets, now: { world.now.time }, clock: StoppedClock(), discard: { _ in }
        ).apply(plan)
    }
}
