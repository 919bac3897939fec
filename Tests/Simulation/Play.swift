import DeploymentModel
import Reconciliation
import TestSupport

/// One simulated history, step by step: `staging` follows a branch, `main` takes over what was tested there.
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

    private let seed: UInt64
    /// Each step has numbers of its own, so that it does the same when another one is left out.
    private var random: SeededGenerator
    private let staging = Site("staging")
    private let main = Site("main")
    private var specs: [ProcessorRef: Spec] = [:]
    /// Every spec that there has been, by ref and hash, for what was promoted.
    private var known: [String: Processor] = [:]
    /// What was applied in main, the newest last.
    private var past: [ProcessorRef: [RefRecord.Revision]] = [:]
    private var images: [ImageReference: Platform] = [:]
    private var value = 0
    private var runs = 0
    private(set) var history: [String] = []

    init(seed: UInt64, planted: Set<PlantedFault>) {
        self.seed = seed
        random = SeededGenerator(seed: seed)
        staging.world.change {
            $0.buildsDiffer = true
            $0.planted = planted
        }
        for name in Self.names {
            guard let ref = try? ProcessorRef(name) else { continue }
            specs[ref] = Spec(
                secrets: SecretNames(required: name.hasPrefix("a") ? ["KEY"] : [], optional: ["OTHER"]))
        }
        publish(keys)
    }

    /// The input keys of all specs.
    private var keys: [ProcessorRef: [Platform: InputKey]] {
        let keys = desired().processors.map { processor -> (ProcessorRef, [Platform: InputKey]) in
            if case .build(let recipe) = processor.source { (processor.ref, recipe.keys) } else { (processor.ref, [:]) }
        }
        return Dictionary(keys) { first, _ in first }
    }

    /// Makes these the keys at the tip of the branch, which pins are held against.
    private func publish(_ keys: [ProcessorRef: [Platform: InputKey]]) {
        staging.world.change { $0.tipKeys = keys }
    }

    // MARK: What the registry asks for

    private func desired() -> DesiredState {
        let pins = staging.world.now.pins
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

    /// What was promoted to main.
    private func promoted() -> DesiredState {
        let processors = main.world.now.records.sorted { $0.key < $1.key }.compactMap { ref, record in
            known["\(ref) \(record.desired.specHash)"].map { processor in
                var processor = processor
                processor.pins = record.desired.pins
                return DesiredProcessor(
                    processor, specPath: "registry/processors/\(ref.slug)/registry.yaml",
                    source: .recorded(record.desired),
                    function: FunctionName(app: ref.refSlug, function: ref.functionName), isHeld: record.hold != nil)
            }
        }
        return DesiredState(
            environment: "main", target: .modal, branch: nil, commit: "c", snapshotID: "sha256:0", pinMode: .record,
            processors: processors, retry: RetryRule(attempts: 2, backoffMilliseconds: []))
    }

    private var secrets: [SecretValue] {
        ["KEY", "OTHER"].map { SecretValue($0, [$0: "\(Simulation.canary)-\(value)"]) }
    }

    // MARK: What happens

    /// - Parameter number: which of the things that the seed has in store.
    mutating func step(_ number: Int) async throws(RuleBroken) {
        random = SeededGenerator(seed: seed &* 0x9e37_79b9 &+ UInt64(number))
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<4: commit()
        case 4..<6: drift(staging)
        case 6: drift(main)
        case 7: loseImage()
        case 8:
            pass(500)
            history.append("500 s pass")
        case 9..<12: try await promote()
        case 12..<14: try await rollBack()
        case 14: try await reconcile(main)
        default: try await reconcile(staging)
        }
        try check()
    }

    private mutating func check() throws(RuleBroken) {
        for image in staging.world.now.images { images[image.key] = image.value }
        for processor in desired().processors {
            known["\(processor.ref) \(processor.processor.specHash)"] = processor.processor
        }
        let tested = staging.world.now.records.values.flatMap(\.evidence)
            .filter { $0.adapter == "modal" && $0.mode == "mock" }.map(\.digest.hex)
        main.rules.proven(Set(tested))
        for (ref, record) in main.world.now.records {
            guard let applied = record.applied, past[ref]?.last?.isSame(as: applied) != true else { continue }
            past[ref, default: []].append(applied)
        }
        try staging.rules.check()
        try main.rules.check()
    }

    /// Both environments have one clock and one OCI registry.
    private func pass(_ seconds: Int) {
        for site in [staging, main] { site.world.change { $0.time += seconds } }
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
        publish(keys)
        history.append("commit: \(ref) is \(spec), value \(value)")
    }

    private mutating func drift(_ site: Site) {
        let modal = site.modal
        guard let app = modal.now.apps.keys.sorted().randomElement(using: &random) else { return }
        let kind = Int.random(in: 0..<5, using: &random)
        history.append("drift \(kind) of \(app) in \(site.name)")
        switch kind {
        case 0: modal.publishByHand(app)
        case 1: modal.change { $0.apps[app] = nil }
        case 2: modal.change { $0.apps[app]?.limits = RuntimeLimits(cpu: 9) }
        case 3: modal.change { $0.secrets["OTHER"] = nil }
        default: modal.change { $0.apps[app]?.secretIDs = [] }
        }
    }

    private mutating func loseImage() {
        let images = staging.world.now.images.keys.sorted { $0.description < $1.description }
        guard let image = images.randomElement(using: &random) else { return }
        staging.world.change { $0.images[image] = nil }
        staging.rules.lost(image)
        history.append("the OCI registry loses \(image)")
    }

    /// A run, perhaps in bad weather, perhaps killed or interrupted, perhaps with another one or a commit in between.
    private mutating func reconcile(_ site: Site) async throws(RuleBroken) {
        var events: [Int: SimulatedRun.Event] = [:]
        if random.oneIn(3) { events[turn()] = .kill }
        if random.oneIn(5) { events[turn()] = .interrupt }
        if random.oneIn(4) {
            let other = run(site, isBad: random.oneIn(3), events: [:])
            let isLate = random.oneIn(2)
            let world = site.world
            events[turn()] = .pause { entry in
                // A run that was away so long has lost its lease. (What it began on Modal has a deadline within it.)
                let isOnModal = ["deploy", "rollover", "stop", "sync"].contains { entry.hasPrefix($0) }
                if isLate, !isOnModal { world.change { $0.time += 1_000 } }
                await other()
            }
        }
        var later: Play?
        if site.name == "staging", random.oneIn(5), let ref = pick() {
            var next = self
            next.specs[ref]?.inputs += 1
            let (keys, world) = (next.keys, site.world)
            events[turn()] = .pause { _ in world.change { $0.tipKeys = keys } }
            later = next
            history.append("in the next run the branch moves: \(ref) has other inputs")
        }
        await run(site, isBad: random.oneIn(3), events: events)()
        if let later {
            specs = later.specs
            publish(keys)
        }
        pass(0)
    }

    private mutating func turn() -> Int { Int.random(in: 1...30, using: &random) }

    /// A run, to be made now or later; it plans when it begins.
    private mutating func run(
        _ site: Site, isBad: Bool, events: [Int: SimulatedRun.Event]
    ) -> @Sendable () async -> Void {
        runs += 1
        let id = "r\(runs)"
        var weather = Weather()
        if isBad {
            let entries = ["build", "pin", "smoke", "probe", "deploy", "sync", "rollover", "record", "renew", "audit"]
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                guard let entry = entries.randomElement(using: &random) else { continue }
                weather.faults[entry] = Failure(.network, "bad weather")
                if random.oneIn(2) { weather.passing.insert(entry) }
            }
            if random.oneIn(2) { weather.lost["deploy"] = Failure(.network, "the answer was lost") }
        }
        weather.parallelism = Int.random(in: 1...3, using: &random)
        history.append(
            "run \(id) in \(site.name): faults \(weather.faults.keys.sorted()), passing \(weather.passing.sorted()), "
                + "lost \(weather.lost.keys.sorted()), events \(events.sorted { $0.key < $1.key })")
        if site.name == "main" {
            let images = staging.world.now.images
            main.world.change { $0.images = images }
        }
        let reconciler = Reconciler(site, id)
        let (desired, secrets) = (site.name == "main" ? promoted() : desired(), secrets)
        return { [weather] in await reconciler.run(desired, secrets, weather, events) }
    }

    // MARK: Promotion

    /// What main would take over now.
    private func promotion() async throws(Failure) -> Promotion {
        let wanted = desired()
        let observed = try await Reconciler(staging, "look").observe(wanted)
        return Promotion(
            from: Promotion.Source(
                environment: "staging", registry: "registry.test", records: staging.world.now.records,
                findings: Drift(wanted, observed).findings),
            to: Promotion.Destination(
                environment: "main", registry: "registry.test", target: .modal, records: main.world.now.records,
                gate: PromotionGate()), refs: nil, now: staging.world.now.time)
    }

    private mutating func promote() async throws(RuleBroken) {
        runs += 1
        let id = "p\(runs)"
        var events: [Int: SimulatedRun.Event] = [:]
        if random.oneIn(4) { events[Int.random(in: 1...6, using: &random)] = .kill }
        // Most are of something that has just got there.
        if !random.oneIn(3) { await run(staging, isBad: false, events: [:])() }
        guard let promotion = try? await promotion(), !promotion.items.isEmpty else { return }
        history.append(
            "promote \(id): \(promotion.items.map(\.ref.description)), events \(events.sorted { $0.key < $1.key })")
        let rules = main.rules
        await Reconciler(main, id).change(promotion.items.map(\.ref), events) { records in
            promotion.items.map { item in
                if let hold = records[item.ref]?.hold, hold.keepsAway(item.revision) {
                    rules.broken("\(item.ref) was promoted to the revision that it was rolled back from")
                }
                return item.record(over: records[item.ref])
            }
        }
        if !random.oneIn(3) { try await reconcile(main) }
    }

    private mutating func rollBack() async throws(RuleBroken) {
        runs += 1
        let candidates = past.filter { $0.value.count > 1 && main.world.now.records[$0.key] != nil }.keys.sorted()
        guard let ref = candidates.randomElement(using: &random), let revision = past[ref]?.dropLast().last else {
            return
        }
        history.append("roll back b\(runs): \(ref)")
        let time = main.world.now.time
        await Reconciler(main, "b\(runs)").change([ref], [:]) { records in
            records[ref].map { [$0.rolledBack(to: revision, by: "Ann", since: time, reason: nil)] } ?? []
        }
        try await reconcile(main)
    }

    // MARK: The end

    /// Faults stop: now everything has to become as it should be, and stay so.
    mutating func settle() async throws(RuleBroken) {
        history.append("faults stop")
        for _ in 0..<6 {
            pass(2_000)
            await run(staging, isBad: false, events: [:])()
            try check()
        }
        try await judge(staging, desired())
        let promotion: Promotion
        do throws(Failure) { promotion = try await self.promotion() } catch {
            throw RuleBroken(rule: "nothing can be promoted at the end: \(error)")
        }
        let held = promotion.refused.filter { refusal in
            desired().processors.contains { $0.ref == refusal.ref } && refusal.obstacles.contains { $0 != .hold }
        }
        guard held.isEmpty else { throw RuleBroken(rule: "it can't be promoted at the end: \(held)") }
        await Reconciler(main, "end").change(promotion.items.map(\.ref), [:]) { records in
            promotion.items.map { $0.record(over: records[$0.ref]) }
        }
        // What the OCI registry has lost nobody builds for main; it was there when it was tested.
        for _ in 0..<4 {
            pass(2_000)
            let reconciler = Reconciler(main, "e\(runs)")
            runs += 1
            main.world.change { [images] in $0.images = images }
            await reconciler.run(promoted(), secrets, Weather(), [:])
            try check()
        }
        try await judge(main, promoted())
    }

    /// Nothing is left to do, and nothing has drifted.
    private func judge(_ site: Site, _ desired: DesiredState) async throws(RuleBroken) {
        let observed: ObservedState
        let plan: Plan
        do throws(Failure) {
            (observed, plan) = try await Reconciler(site, "last").plan(desired, secrets)
        } catch { throw RuleBroken(rule: "\(site.name): nothing can be planned at the end: \(error)") }
        guard plan.isEmpty else {
            let rest = plan.items.map { "\($0.ref): \($0.reasons)" } + plan.blocked.map { "\($0.ref): \($0.failure)" }
            throw RuleBroken(rule: "\(site.name) does not converge: \(rest.joined(separator: "; "))")
        }
        let drift = Drift(desired, observed).findings.filter { $0.kind != .orphan }
        guard drift.isEmpty else {
            throw RuleBroken(rule: "\(site.name): the plan is empty, and there is drift: \(drift)")
        }
    }
}
