import DeploymentModel
import JSON
import Reconciliation
import Synchronization
import TestSupport
import Testing

extension Tag {
    @Tag static var small: Self
}

/// A desired state and a simulated world to reconcile it in.
struct Fixture {
    let world = SimulatedWorld()
    /// Has builder, OCI registry and engine, where several fixtures share them; records are in its own world.
    var shared: SimulatedWorld?
    var owner: ContainerOwner?
    let clock: @Sendable () -> Double = { 0 }

    static func key(_ text: String) -> InputKey { InputKey(SimulatedWorld.digest(text)) }

    static func processor(
        _ ref: String = "text/stats@1", inputs: String = "one", spec: String = "spec",
        pins: [Platform: ImageReference] = [:],
        source: ImageSource? = nil
    ) throws -> DesiredProcessor {
        let ref = try ProcessorRef(ref)
        let recipe = BuildRecipe(
            repository: try ImageReference("127.0.0.1:1/local/\(ref.repositoryName)"), commit: "c", context: "",
            dockerfile: "Dockerfile", args: [:], target: nil,
            keys: [.amd64: key("\(ref) \(inputs) amd64"), .arm64: key("\(ref) \(inputs) arm64")])
        return DesiredProcessor(
            Processor(ref: ref, specHash: spec, pins: pins), specPath: "registry/processors/\(ref.slug)/registry.yaml",
            source: source ?? .build(recipe))
    }

    static func desired(_ processors: [DesiredProcessor], pins: PinMode = .record) -> DesiredState {
        DesiredState(
            environment: "local", branch: "main", commit: "c", snapshotID: "sha256:0", pinMode: pins,
            processors: processors, retry: RetryRule(attempts: 1))
    }

    func plan(_ desired: DesiredState) async throws -> Plan {
        await Planner(desired: desired, observed: try await observed(desired), platform: .amd64).plan()
    }

    func observed(_ desired: DesiredState) async throws -> ObservedState {
        try await Observer(store: world, registry: host, deployments: .docker(host), owner: owner).observe(desired)
    }

    /// Where everything but records is.
    var host: SimulatedWorld { shared ?? world }

    @discardableResult
    func apply(
        _ plan: Plan, observer: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async -> RunReport {
        let executor = Executor(
            services, as: LeaseHolder(holder: "Ann", host: "one", run: "r1"),
            log: EventLog(clock: clock, observer: observer),
            parallelism: 2, now: { 1_000 }, discard: { _ in }
        )
        return await executor.apply(plan)
    }

    var services: Services {
        Services(
            builder: host, registry: host, engine: host, localImages: host, contexts: host, store: world,
            pins: world, smoke: host, owner: owner)
    }

    /// The single steps, at a time that goes on by a second with each question.
    func operations(_ desired: DesiredState) -> ImageOperations {
        let seconds = Atomic<Int>(0)
        return ImageOperations(
            services, run: "r1", log: EventLog(clock: clock) { _ in }, of: desired,
            now: { seconds.wrappingAdd(1, ordering: .relaxed).newValue }, discard: { _ in })
    }

    /// The effects so far, without looks and leases.
    var effects: [String] {
        world.now.log.filter { entry in
            !["containers", "inspect", "acquire", "renew", "release"].contains { entry.hasPrefix($0) }
        }
    }
}
