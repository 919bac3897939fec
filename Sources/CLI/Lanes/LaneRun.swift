import DeploymentModel
import Git
import Modal
import Reconciliation
import RegistryCatalog

/// One run of a lane: its steps one after the other, up to the first that fails; the report is made whatever happened.
struct LaneRun {
    struct Settings: Sendable {
        var build = BuilderSettings()
        let secrets: SecretSourceOptions
        let targets: TargetOptions
        let parallelism: Int
        /// Builds and pushes for this platform alone, and does nothing else.
        let platform: Platform?
        let display: EventDisplay
    }

    let lane: LaneSpec
    let source: LaneSource
    let settings: Settings
    let options: WorkspaceOptions
    private(set) var report: LaneReport
    /// What was to be done, as text.
    private(set) var plan: String?
    /// What the lane was about, once it is known.
    private var processors: [DesiredProcessor] = []
    /// The failure that ended the lane, where one did.
    private(set) var failure: Failure?

    init(_ lane: LaneSpec, _ source: LaneSource, _ settings: Settings) {
        self.lane = lane
        self.source = source
        self.settings = settings
        var options = source.options.at(lane.environment)
        // What a change is tried with goes nowhere.
        if lane.isChangedOnly { options.pins = .record }
        self.options = options
        report = LaneReport(
            lane: lane.name, environment: lane.environment, commit: source.commit.id.hex, base: source.base?.id.hex)
    }

    /// The steps of this run; what a report needs is at the end.
    private var steps: [LaneStep] {
        let own = lane.steps.filter { $0.kind != .report }
        guard settings.platform != nil else { return own }
        return own.filter { [.validate, .build, .push].contains($0.kind) }
    }

    mutating func run() async {
        let start = ContinuousClock.now
        await carryOut()
        await locate()
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
    }

    private mutating func carryOut() async {
        var waiting = steps[...]
        do throws(Failure) {
            try await select()
            if report.changedFiles == 0 { return skip(waiting, "nothing changed") }
            while let step = waiting.first {
                let group = Array(waiting.prefix { Self.isOfReconcile($0) })
                let now = group.isEmpty ? [step] : group
                waiting = waiting.dropFirst(now.count)
                try await measured(now)
                if let failed = report.steps.first(where: { $0.state == .failed }) {
                    return skip(waiting, "because \(failed.name.rawValue) failed")
                }
                // A file that can't be read is no processor, so the registry is judged first.
                if report.selected?.isEmpty == true {
                    return skip(waiting, "the change concerns no processor")
                }
            }
            report.close()
        } catch {
            failure = error
            let step = steps.dropFirst(report.steps.count).first ?? .validate
            var entry = LaneReport.Step(step, .failed, "failed")
            entry.problems = [problem(nil, error)]
            report.steps.append(entry)
            skip(steps.dropFirst(report.steps.count), "because \(step.kind.rawValue) failed")
        }
    }

    private mutating func skip(_ steps: some Sequence<LaneStep>, _ reason: String) {
        report.steps += steps.map { LaneReport.Step($0, .skipped, reason) }
        report.close()
    }

    /// Claims that the step is done by a reconcile, together with its neighbours.
    private static func isOfReconcile(_ step: LaneStep) -> Bool {
        ![.validate, .promote, .drift, .report].contains(step.kind)
    }

    private mutating func measured(_ group: [LaneStep]) async throws(Failure) {
        let start = ContinuousClock.now
        let count = report.steps.count
        switch group[0] {
        case .validate: try await validate(group[0])
        case .promote(let from): try await promote(group[0], from: from)
        case .drift(let isLive): try await compare(group[0], isLive: isLive)
        default:
            if lane.has(.deploy), settings.platform == nil {
                try await reconcile(group)
            } else {
                try await work(group)
            }
            return
        }
        if report.steps.count > count {
            report.steps[count].seconds = (ContinuousClock.now - start) / .seconds(1)
        }
    }

    /// Finds where in the sources each problem stands.
    private mutating func locate() async {
        let places = ProblemPlaces(source.catalog, in: source.repository, of: processors)
        for (step, entry) in report.steps.enumerated() {
            for (index, problem) in entry.problems.enumerated() {
                let place = await places.place(of: problem.failure, problem.ref, otherwise: problem.file)
                report.steps[step].problems[index].file = place.file
                report.steps[step].problems[index].line = place.line
                report.steps[step].problems[index].column = place.column
            }
        }
    }

    /// Finds what the change concerns.
    private mutating func select() async throws(Failure) {
        guard let base = source.base else { return }
        let changed = try await ChangedProcessors(
            from: base, to: source.catalog, lane: lane.path, in: source.repository)
        report.changedFiles = changed.files
        report.selected = changed.reasons.map { LaneReport.Selected(ref: $0.ref, reason: $0.reason) }
        for selected in report.selected ?? [] { Output.note("  ~ \(selected.ref)  \(selected.reason)") }
    }

    /// The workspace with the processors alone that this run is about.
    func workspace() async throws(Failure) -> Workspace {
        let workspace = try await Workspace(options, at: source.base == nil ? nil : source.commit.id.hex)
        guard source.base == nil || workspace.catalog.commit.id == source.commit.id else {
            throw Failure(.git, "\(source.commit.short) was to be read, and was not")
        }
        let narrowed = try settings.targets.narrowed(workspace)
        guard let selected = report.selected.map({ Set($0.map(\.ref)) }) else { return narrowed }
        return narrowed.wanting { selected.contains($0) }
    }

    private mutating func validate(_ step: LaneStep) async throws(Failure) {
        let commit = source.base == nil ? try await Workspace(options).catalog.commit : source.commit
        let validation = try await Validation(ofAllIn: commit, since: source.base, in: source.repository)
        let counts = [Diagnostic.Severity.error, .warning, .note].compactMap { severity in
            let count = validation.diagnostics.count { $0.severity == severity }
            return count == 0 ? nil : counted(count, severity.rawValue)
        }
        var entry = LaneReport.Step(
            step, validation.hasErrors ? .failed : .passed,
            counts.isEmpty ? counted(validation.processorFiles, "processor") : counts.joined(separator: ", "))
        entry.diagnostics = validation.diagnostics
        report.steps.append(entry)
    }

    private mutating func promote(_ step: LaneStep, from: String) async throws(Failure) {
        let promoting = try await Promoting(options, from: from, to: lane.environment)
        let promotion = try await promoting.judge(settings.targets.target)
        Output.note(PromotionText(promotion, style: .standardError).text)
        let failures = try await promoting.take(
            promotion, atOnce: settings.parallelism,
            report: Output.details(areShown: settings.display.verbosity == .verbose))
        // What another run works on is refused; what can't be copied has failed.
        let failed = failures.filter { $0.value.code != .lease }
        let refused = promotion.refused.count + failures.count - failed.count
        var entry = LaneReport.Step(
            step, !failed.isEmpty ? .failed : refused > 0 ? .refused : .passed,
            "\(promotion.items.count - failures.count) promoted, \(promotion.unchanged.count) there already"
                + (refused == 0 ? "" : ", \(refused) refused") + (failed.isEmpty ? "" : ", \(failed.count) failed"))
        entry.problems = promotion.refused.flatMap { refusal in refusal.failures.map { problem(refusal.ref, $0) } }
        entry.problems += failures.sorted { $0.key < $1.key }.map { problem($0.key, $0.value) }
        report.steps.append(entry)
    }

    private mutating func compare(_ step: LaneStep, isLive: Bool) async throws(Failure) {
        let workspace = try await workspace()
        let session = try await Session(workspace, options, lane: lane)
        var drift = try await session.drift()
        if isLive { drift = drift.adding(try await session.liveFindings()) }
        let failures = drift.failures
        var entry = LaneReport.Step(
            step, failures.isEmpty ? .passed : .failed,
            (drift.findings.isEmpty
                ? "none in \(counted(drift.processors, "processor"))" : counted(drift.findings.count, "difference"))
                + (drift.unseen.isEmpty ? "" : ", \(drift.unseen.count) can't be told"))
        entry.problems = failures.map { problem($0.ref, $0.failure) }
        report.steps.append(entry)
    }

    private func problem(_ ref: ProcessorRef?, _ failure: Failure) -> LaneReport.Problem {
        let spec = ref.flatMap { ref in source.catalog.processors.first { $0.ref == ref } }
        return LaneReport.Problem(ref: ref, file: spec?.path ?? lane.path, failure: failure)
    }
}

extension LaneRun {
    /// Brings the environment to where it should be, as far as the lane goes.
    private mutating func reconcile(_ group: [LaneStep]) async throws(Failure) {
        let workspace = try await workspace()
        processors = workspace.desired.processors
        DiagnosticReport(workspace).show()
        let session = try await Session(workspace, options, build: settings.build, lane: lane)
        report.run = session.run
        let secrets = try await secrets(of: workspace, session)
        let plan = try await session.plan(secrets: secrets).within(scope, lane: lane.name)
        let text = PlanText(plan, style: .standardError)
        if settings.display.verbosity != .quiet { Output.note(plan.isEmpty ? text.heading : text.text + "\n") }
        self.plan = PlanText(plan, style: .plain).text
        let tape = EventTape()
        let parallelism = settings.parallelism
        _ = try await settings.display.showing { show throws(Failure) in
            try await session.apply(plan, secrets: secrets, parallelism: parallelism, show: tape.recording(show))
        }
        var fold = EventFold(tape.events)
        fold.firstSmokeIsDeployed = Set(plan.items.filter { $0.smoke == nil }.map(\.ref))
        add(group, fold, blocked: plan.blocked)
        let refs = Set(processors.map(\.ref))
        report.digests = try await session.records().filter { refs.contains($0.key) }.mapValues { record in
            record.desired.pins.compactMapValues(\.digest)
        }
    }

    /// What the lane lets a plan do.
    private var scope: PlanScope {
        var scope = PlanScope()
        for step in lane.steps {
            switch step {
            case .build(let platforms): scope.builds = Set(platforms.map(\.platform))
            case .pin: scope.pins = true
            case .smoke(.local, _): scope.smokes = true
            case .smoke(.modal, _): scope.smokesDeployed = true
            case .probe: scope.probes = true
            default: break
            }
        }
        return scope
    }

    private func secrets(of workspace: Workspace, _ session: Session) async throws(Failure) -> [SecretValue] {
        for case .syncSecrets(let failsOnMissing) in lane.steps {
            let needs = SecretNeeds(of: workspace.desired.processors.map(\.processor))
            let given = try await needs.values(from: settings.secrets)
            guard failsOnMissing, let modal = session.modal else { return given }
            let missing = needs.missing(given: given, there: Set(try await modal.platform.secretNames()))
            if let failure = needs.failure(missing: missing, in: workspace.environment.name) { throw failure }
            return given
        }
        return []
    }

    /// Builds, pushes, pins and tests without deploying: each processor to its end or to its first failure.
    private mutating func work(_ group: [LaneStep]) async throws(Failure) {
        let workspace = try await workspace()
        processors = workspace.desired.processors
        DiagnosticReport(workspace).show()
        let session = try await Session(workspace, options, build: settings.build, lane: lane)
        report.run = session.run
        let tape = EventTape()
        let parallelism = settings.parallelism
        let chain = LaneChain(
            steps: group, session: session, pins: workspace.pins, pushes: lane.has(.push), only: settings.platform)
        try await settings.display.showing { show throws(Failure) in
            try await session.work(
                builds: group.contains { $0.kind == .build }, show: tape.recording(show)
            ) { operations, tester, log throws(Failure) in
                await withTaskGroup(of: Void.self) { tasks in
                    var waiting = workspace.desired.processors.sorted { $0.ref < $1.ref }[...]
                    func addNext() {
                        guard let processor = waiting.popFirst() else { return }
                        tasks.addTask { await chain.carryOut(processor, operations, tester, log) }
                    }
                    for _ in 0..<parallelism { addNext() }
                    for await _ in tasks { addNext() }
                }
            }
        }
        add(group, EventFold(tape.events), blocked: [])
    }

    /// Notes what came of the steps that were done together.
    private mutating func add(_ group: [LaneStep], _ fold: EventFold, blocked: [Plan.Blocked]) {
        for step in group {
            var entry = fold.entry(for: step)
            entry.problems = fold.failures(of: step).map { problem($0.ref, $0.failure) }
            if step.kind == group.last?.kind, !blocked.isEmpty {
                entry.state = .failed
                entry.text = "\(blocked.count) can't be planned"
                entry.problems += blocked.map { problem($0.ref, $0.failure) }
            }
            report.steps.append(entry)
        }
        report.tests += fold.tests
        report.changed = fold.changed
    }
}

extension LaneStep.BuildPlatform {
    var platform: Platform {
        switch self {
        case .host: .host
        case .amd64: .amd64
        case .arm64: .arm64
        }
    }
}
