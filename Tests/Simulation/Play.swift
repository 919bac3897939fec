import DeploymentModel
import Reconciliation
import TestSupport

/// One simulated history, step by step.
struct Play {
    /// What the registry says of a processor.
    struct Spec {
        var inputs = 0
        var version = 0
        var cpu = 1.0
        var isThere = true
        var secrets = SecretNames()
    }

    private static let names = ["a/one@1", "a/two@1", "b/three@2"]

    private var random: SeededGenerator
    let world = SimulatedWorld()
    let modal = SimulatedModal()
    private var specs: [ProcessorRef: Spec] = [:]
    private var value = 0
    private var runs = 0
    private(set) var history: [String] = []
    private let rules: Rules

    init(seed: UInt64, planted: Set<PlantedFault>) {
        random = SeededGenerator(seed: seed)
        rules = Rules(world, modal)
        world.change {
            $0.buildsDiffer = true
            $0.planted = planted
        }
        for name in Self.names {
            guard let ref = try? ProcessorRef(name) else { continue }
            specs[ref] = Spec(
                secrets: SecretNames(required: name.hasPrefix("a") ? ["KEY"] : [], optional: ["OTHER"]))
        }
        publish()
    }

    /// The keys at the tip of the branch, which pins are held against.
    private func publish() {
        let keys = desired().processors.map { processor -> (ProcessorRef, [Platform: InputKey]) in
            if case .build(let recipe) = processor.source { (processor.ref, recipe.keys) } else { (processor.ref, [:]) }
        }
        world.change { $0.tipKeys = Dictionary(keys) { first, _ in first } }
    }

    // MARK: What the registry asks for

    private func desired() -> DesiredState {
        let pins = world.now.pins
        let processors = specs.filter(\.value.isThere).sorted { $0.key < $1.key }.compactMap { ref, spec in
            processor(ref, spec, pins)
        }
        return DesiredState(
            environment: "staging", target: .modal, branch: "main", commit: "c\(history.count)",
            snapshotID: "sha256:0", pinMode: .commit, processors: processors,
            retry: RetryRule(attempts: 2, backoffMilliseconds: []))
    }

    private func processor(_ ref: ProcessorRef, _ spec: Spec, _ pins: [PinChange]) -> DesiredProcessor? {
        guard let repository = try? ImageReference("registry.test/\(ref.repositoryName)") else { return nil }
        var keys: [Platform: InputKey] = [:]
        for platform in Platform.allCases {
            keys[platform] = InputKey(SimulatedWorld.digest("\(ref) \(spec.inputs) \(platform)"))
        }
        let recipe = BuildRecipe(
            repository: repository, commit: "c", context: "", dockerfile: "Dockerfile", args: [:], target: nil,
            keys: keys)
        let pinned = pins.last { $0.ref == ref }?.pins ?? [:]
        return DesiredProcessor(
            Processor(
                ref: ref, specHash: "spec-\(spec.version)-\(spec.cpu)", pins: pinned,
                runtime: RuntimeLimits(cpu: spec.cpu), secrets: spec.secrets),
            specPath: "registry/processors/\(ref.slug)/registry.yaml", source: .build(recipe),
            function: FunctionName(app: ref.refSlug, function: ref.functionName))
    }

    private var secrets: [SecretValue] {
        ["KEY", "OTHER"].map { SecretValue($0, [$0: "\(Simulation.canary)-\(value)"]) }
    }

    // MARK: What happens

    mutating func step() async throws(RuleBroken) {
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<3: commit()
        case 3..<5: drift()
        case 5: loseImage()
        case 6:
            world.change { $0.time += 500 }
            history.append("500 s pass")
        default: try await reconcile()
        }
        try rules.check()
    }

    private mutating func pick() -> ProcessorRef? { specs.keys.sorted().randomElement(using: &random) }

    private mutating func commit() {
        guard let ref = pick(), var spec = specs[ref] else { return }
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: spec.inputs += 1
        case 2: spec.version += 1
        case 3: spec.cpu += 1
        case 4: spec.isThere.toggle()
        default: value += 1
        }
        specs[ref] = spec
        publish()
        history.append("commit: \(ref) is \(spec), value \(value)")
    }

    private mutating func drift() {
        guard let app = modal.now.apps.keys.sorted().randomElement(using: &random) else { return }
        let kind = Int.random(in: 0..<5, using: &random)
        history.append("drift \(kind) of \(app)")
        switch kind {
        case 0: modal.publishByHand(app)
        case 1: modal.change { $0.apps[app] = nil }
        case 2: modal.change { $0.apps[app]?.limits = RuntimeLimits(cpu: 9) }
        case 3: modal.change { $0.secrets["OTHER"] = nil }
        default: modal.change { $0.apps[app]?.secretIDs = [] }
        }
    }

    private mutating func loseImage() {
        let images = world.now.images.keys.sorted { $0.description < $1.description }
        guard let image = images.randomElement(using: &random) else { return }
        world.change { $0.images[image] = nil }
        rules.lost(image)
        history.append("the OCI registry loses \(image)")
    }

    /// A run, perhaps in bad weather, perhaps killed, perhaps with another one in between.
    private mutating func reconcile() async throws(RuleBroken) {
        var events: [Int: SimulatedRun.Event] = [:]
        if random.oneIn(3) { events[Int.random(in: 1...30, using: &random)] = .kill }
        if random.oneIn(4) {
            let other = run(["weather": random.oneIn(3)], events: [:])
            let isLate = random.oneIn(2)
            let world = world
            events[Int.random(in: 1...30, using: &random)] = .pause { entry in
                // A run that was away so long has lost its lease. (What it began on Modal has a deadline within it.)
                let isOnModal = ["deploy", "rollover", "stop", "sync"].contains { entry.hasPrefix($0) }
                if isLate, !isOnModal { world.change { $0.time += 1_000 } }
                await other()
            }
        }
        await run(["weather": random.oneIn(3)], events: events)()
    }

    /// A run, to be made now or later; it plans when it begins.
    private mutating func run(
        _ options: [String: Bool], events: [Int: SimulatedRun.Event]
    ) -> @Sendable () async -> Void {
        runs += 1
        let id = "r\(runs)"
        var faults: [String: Failure] = [:]
        var lost: [String: Failure] = [:]
        if options["weather"] == true {
            let entries = ["build", "pin", "smoke", "probe", "deploy", "sync", "rollover", "record", "renew", "audit"]
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                guard let entry = entries.randomElement(using: &random) else { continue }
                faults[entry] = Failure(.network, "bad weather")
            }
            if random.oneIn(2) { lost["deploy"] = Failure(.network, "the answer was lost") }
        }
        history.append(
            "run \(id): faults \(faults.keys.sorted()), lost \(lost.keys.sorted()), events \(events.keys.sorted())")
        let (play, rules) = (Reconciler(world, modal, id), rules)
        let (desired, secrets) = (desired(), secrets)
        return { [faults, lost] in
            await play.run(desired, secrets, faults, lost, events, rules)
        }
    }

    // MARK: The end

    /// Faults stop: now everything has to become as it should be, and stay so.
    mutating func settle() async throws(RuleBroken) {
        history.append("faults stop")
        for _ in 0..<6 {
            world.change { $0.time += 2_000 }
            await run([:], events: [:])()
            try rules.check()
        }
        let observed: ObservedState
        let plan: Plan
        do throws(Failure) {
            (observed, plan) = try await Reconciler(world, modal, "last").plan(desired(), secrets)
        } catch { throw RuleBroken(rule: "nothing can be planned at the end: \(error)") }
        guard plan.isEmpty else {
            let rest = plan.items.map { "\($0.ref): \($0.reasons)" } + plan.blocked.map { "\($0.ref): \($0.failure)" }
            throw RuleBroken(rule: "it does not converge: \(rest.joined(separator: "; "))")
        }
        let drift = Drift(desired(), observed).findings.filter { $0.kind != .orphan }
        guard drift.isEmpty else { throw RuleBroken(rule: "the plan is empty, and there is drift: \(drift)") }
    }
}
