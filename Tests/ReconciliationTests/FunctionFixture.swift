import DeploymentModel
import Reconciliation
import TestSupport
import Testing

/// A desired state on Modal, and a simulated world and platform to reconcile it in.
struct FunctionFixture {
    let fixture = Fixture()
    let modal = SimulatedModal()

    static func processor(
        _ text: String = "llm/litellm@1", inputs: String = "one", spec: String = "spec",
        runtime: RuntimeLimits = RuntimeLimits(), secrets: SecretNames = SecretNames(),
        pins: [Platform: ImageReference] = [:]
    ) throws -> DesiredProcessor {
        let plain = try Fixture.processor(text, inputs: inputs, spec: spec)
        let ref = plain.ref
        return DesiredProcessor(
            Processor(ref: ref, specHash: spec, pins: pins, runtime: runtime, secrets: secrets),
            specPath: plain.specPath, source: plain.source,
            function: FunctionName(app: ref.refSlug, function: ref.functionName))
    }

    static func desired(
        _ processors: [DesiredProcessor], pins: PinMode = .record, isComplete: Bool = true
    ) -> DesiredState {
        DesiredState(
            environment: "staging", target: .modal, branch: "main", commit: "c", snapshotID: "sha256:0",
            pinMode: pins, processors: processors, isComplete: isComplete,
            retry: RetryRule(attempts: 1))
    }

    func observe(_ desired: DesiredState, secrets: [SecretValue] = []) async throws -> ObservedState {
        try await Observer(
            store: fixture.world, registry: fixture.world,
            deployments: .modal(modal, owner: { _ in .environment }, secrets: secrets)
        ).observe(desired)
    }

    func plan(_ desired: DesiredState, secrets: [SecretValue] = [], prunes: Bool = false) async throws -> Plan {
        await Planner(
            desired: desired, observed: try await observe(desired, secrets: secrets), platform: .amd64,
            prunes: prunes
        ).plan()
    }

    @discardableResult
    func apply(
        _ plan: Plan, secrets: [SecretValue] = [], gone: Set<String> = [],
        observer: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async -> RunReport {
        let world = fixture.world
        let services = Services(
            builder: world, registry: world, engine: world, localImages: world, contexts: world, store: world,
            pins: world, smoke: world, functions: modal)
        return await Executor(
            services, as: LeaseHolder(holder: "Ann", host: "one", run: "r1"),
            log: EventLog(clock: fixture.clock, observer: observer), parallelism: 2, secrets: secrets,
            now: { world.now.time }, isOver: { gone.contains($0.run) }, discard: { _ in }
        ).apply(plan)
    }

    /// Brings an environment up.
    func settle(_ desired: DesiredState, secrets: [SecretValue] = []) async throws {
        let report = await apply(try await plan(desired, secrets: secrets), secrets: secrets)
        try #require(!report.hasFailures, "\(report)")
    }

    func drift(_ desired: DesiredState) async throws -> [DriftFinding] {
        Drift(desired, try await observe(desired)).findings
    }
}
