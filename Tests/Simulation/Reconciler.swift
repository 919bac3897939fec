import DeploymentModel
import Reconciliation
import TestSupport

/// A reconcile of the simulated world.
struct Reconciler: Sendable {
    private let world: SimulatedWorld
    private let modal: SimulatedModal
    private let id: String

    init(_ world: SimulatedWorld, _ modal: SimulatedModal, _ id: String) {
        self.world = world
        self.modal = modal
        self.id = id
    }

    func plan(
        _ desired: DesiredState, _ secrets: [SecretValue]
    ) async throws(Failure) -> (ObservedState, Plan) {
        let observed = try await Observer(
            store: world, registry: world, deployments: .modal(modal, owner: { _ in .environment }, secrets: secrets)
        ).observe(desired)
        return (observed, Planner(desired: desired, observed: observed, platform: .amd64).plan())
    }

    func run(
        _ desired: DesiredState, _ secrets: [SecretValue], _ faults: [String: Failure], _ lost: [String: Failure],
        _ events: [Int: SimulatedRun.Event], _ rules: Rules
    ) async {
        let run = SimulatedRun(id, events: events) { run, entry in rules.witness(run, entry) }
        // Weather is over the world, and this run's alone: the one in between has its own.
        let before = (world.now.faults, modal.now.faults, modal.now.lostAnswers)
        world.change { $0.faults = faults }
        modal.change {
            $0.faults = faults
            $0.lostAnswers = lost
        }
        await SimulatedRun.$current.withValue(run) {
            do throws(Failure) {
                let (_, plan) = try await plan(desired, secrets)
                rules.read("\(plan)")
                let report = await apply(plan, secrets)
                rules.read("\(report)")
                // With another one in between, what it recorded may be history already.
                if !run.isDead, !report.hasFailures, events.isEmpty { rules.checkRecorded(plan) }
            } catch { rules.read("\(error)") }
        }
        world.change { $0.faults = before.0 }
        modal.change {
            $0.faults = before.1
            $0.lostAnswers = before.2
        }
    }

    private func apply(_ plan: Plan, _ secrets: [SecretValue]) async -> RunReport {
        let world = world
        let services = Services(
            builder: world, registry: world, engine: world, localImages: world, contexts: world, store: world,
            pins: world, smoke: world, functions: modal)
        return await Executor(
            services, as: LeaseHolder(holder: "somebody", host: "here", run: id), log: EventLog(clock: { 0 }) { _ in },
            parallelism: 1, secrets: secrets, now: { world.now.time }, clock: StoppedClock(), discard: { _ in }
        ).apply(plan)
    }
}
