import Adapters
import ContentCache
import DeploymentModel
import Docker
import FoundationEssentials
import Git
import Modal
import OCI
import Reconciliation
import Records
import RegistryCatalog

/// The real components, wired together for one run on a workspace.
struct Session {
    private let workspace: Workspace
    let run: String
    private let store: GitStateStore
    private let logins: DockerCredentials
    let registry: OCIRegistryClient
    let engine: DockerEngine
    private let authorship: Authorship
    private let environment: [String: String]
    private let build: BuilderSettings
    private let lane: LaneSpec?
    /// `nil` where the target is not Modal.
    let modal: ModalAccess?

    /// - Parameter lane: the lane that runs, if one does.
    init(
        _ workspace: Workspace, _ options: WorkspaceOptions, build: BuilderSettings = BuilderSettings(),
        lane: LaneSpec? = nil
    ) async throws(Failure) {
        self.build = build
        try workspace.names?.check(workspace.desired.processors.map(\.ref))
        self.lane = lane
        modal =
            if let names = workspace.names {
                try await ModalAccess(workspace.environment, names: names, policy: workspace.catalog.policy)
            } else { nil }
        let environment = ProcessInfo.processInfo.environment
        self.workspace = workspace
        self.environment = environment
        run = RunID.new()
        authorship = Authorship(
            environment: environment, in: RepositoryPlace.path(options.repo),
            otherwise: Identity(name: "Pinion", email: "pinion@localhost"))
        store = GitStateStore(
            workspace.state, as: authorship, app: workspace.names?.ownApp, cache: .ofUser(),
            seen: workspace.ahead.records, time: Self.seconds)
        let logins = try DockerCredentials.reading(environment: environment)
        self.logins = logins
        registry = options.oci.client(credentials: logins)
        engine = DockerEngine(
            EngineClient(try EngineAddress.resolve(environment: environment)),
            credentials: logins)
    }

    /// - Parameters:
    ///   - secrets: the values that are to be synced.
    ///   - prunes: whether apps that no spec asks for are to be stopped.
    func plan(secrets: [SecretValue] = [], prunes: Bool = false) async throws(Failure) -> Plan {
        let observed = try await observe(secrets)
        Process.keep(observed)
        return await Planner(desired: workspace.desired, observed: observed, platform: platform, prunes: prunes).plan()
    }

    /// What runs and is not recorded, held against what is desired.
    func adoption() async throws(Failure) -> Adoption {
        let observed = try await observe([])
        let plan = await Planner(desired: workspace.desired, observed: observed, platform: platform).plan()
        return Adoption(plan, workspace.desired, observed)
    }

    func drift() async throws(Failure) -> Drift { Drift(workspace.desired, try await observe([])) }

    private var platform: Platform { modal == nil ? .host : .amd64 }

    private func observe(_ secrets: [SecretValue]) async throws(Failure) -> ObservedState {
        let deployments: Observer.Deployments =
            if let modal {
                .modal(modal.platform, owner: { modal.names.owner(of: $0) }, secrets: secrets)
            } else {
                .docker(engine) { [ahead = workspace.ahead, engine] () throws(Failure) in
                    try await ahead.containers(of: engine)
                }
            }
        return try await Observer(
            store: store, registry: registry, deployments: deployments, refreshesBases: build.refreshesBases,
            owner: workspace.owner
        ).observe(workspace.desired)
    }

    /// - Parameter secrets: the values that the plan was made with.
    func apply(
        _ plan: Plan, secrets: [SecretValue] = [], parallelism: Int, show: @escaping @Sendable (RunEvent) -> Void
    ) async throws(Failure) -> RunReport {
        guard plan.hasActions else { return RunReport(plan, run: run, events: []) }
        let own = RunFolder.making(run, variables: environment)
        // Where it can't be kept, there is no --continue.
        try? own?.plan.write(plan)
        let log = eventLog(in: own, show)
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let needsEngine = plan.items.contains { !$0.builds.isEmpty || $0.smoke != nil || $0.probe != nil }
        if modal == nil || needsEngine { _ = try await engine.removeLeftovers() }
        let services = try await services(builds: plan.items.contains { !$0.builds.isEmpty }, folder)
        let executor = Executor(
            services, as: holder, log: log, parallelism: parallelism, secrets: secrets, now: Self.now,
            isOver: isOver, discard: { path in try? FileManager.default.removeItem(atPath: path) })
        let report = await executor.apply(plan)
        if !report.hasFailures { own?.finish() }
        return report
    }

    /// What was recorded of a ref, the newest first.
    func past(of ref: ProcessorRef) async throws(Failure) -> [RefRecord] {
        try await store.past(of: ref, in: workspace.desired.environment).map(\.record)
    }

    var environmentName: String { workspace.desired.environment }

    /// Who answers for what this run records.
    var author: String { authorship.author.name }

    /// The events of this run, from now on, with the beginnings and ends of its steps in its journal.
    private func eventLog(
        in folder: RunFolder? = nil, _ show: @escaping @Sendable (RunEvent) -> Void
    ) -> EventLog {
        let clock = ContinuousClock()
        let start = clock.now
        let folder = folder ?? RunFolder.making(run, variables: environment)
        return EventLog(
            clock: { (clock.now - start) / .seconds(1) }, journal: JournalFile(in: folder, variables: environment),
            observer: show)
    }

    /// Who holds the leases of this run.
    private var holder: LeaseHolder {
        LeaseHolder(holder: authorship.author.name, host: ProcessInfo.processInfo.hostName, run: run)
    }

    /// Takes refs of the environment that nobody else holds, for what happens outside of a plan.
    ///
    /// - Returns: the lease, `nil` when others hold all of them; and why each of the rest can't be had.
    func lease(
        _ refs: [ProcessorRef]
    ) async throws(Failure) -> (lease: LeaseKeeper?, refused: [ProcessorRef: Failure]) {
        try await LeaseKeeper.taking(
            refs, of: workspace.desired.environment, for: holder, in: store, clock: ContinuousClock(), now: Self.now,
            isOver: isOver)
    }

    /// Whether the run of a lease is known to be gone.
    private var isOver: @Sendable (Lease) async -> Bool {
        let environment = environment
        return { lease in await DeadRun(lease, variables: environment)?.awaitEnd() ?? false }
    }

    /// Tells others on this host, as long as it is kept, that this run lives.
    var signOfLife: JournalFile { JournalFile(in: .making(run, variables: environment), variables: environment) }

    /// Seconds since 1970.
    static let now: @Sendable () -> Int = { Int(seconds()) }

    /// Tests again what is applied, and records what came of it.
    ///
    /// - Returns: what failed, by ref: with `ERR_LEASE` what another run works on.
    func verify(
        _ refs: [ProcessorRef], parallelism: Int, show: @escaping @Sendable (RunEvent) -> Void
    ) async throws(Failure) -> [ProcessorRef: Failure] {
        guard !refs.isEmpty else { return [:] }
        var failures: [ProcessorRef: Failure] = [:]
        try await changing(refs, what: "verify") { leased throws(Failure) in
            let (tested, failed) = try await verified(
                leased.records.values.sorted { $0.ref < $1.ref }, parallelism: parallelism, show: show)
            failures = failed.merging(leased.refused) { first, _ in first }
            return tested
        }
        return failures
    }

    private func verified(
        _ records: [RefRecord], parallelism: Int, show: @escaping @Sendable (RunEvent) -> Void
    ) async throws(Failure) -> (tested: [RefRecord], failures: [ProcessorRef: Failure]) {
        let (processors, unreadable) = await RecordedProcessors(in: workspace.repository, names: workspace.names).read(
            Dictionary(records.compactMap { record in record.applied.map { (record.ref, $0) } }) { first, _ in first })
        if let failure = unreadable.sorted(by: { $0.key < $1.key }).first?.value { throw failure }
        let known = Dictionary(processors.map { ($0.ref, $0.processor) }) { first, _ in first }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let verification = Verification(
            smoke: try await smokeTester(folder), run: run,
            log: eventLog(show), now: Self.now)
        let platform = platform
        var failures: [ProcessorRef: Failure] = [:]
        var changed: [RefRecord] = []
        await withTaskGroup(of: (RefRecord, Failure?).self) { group in
            var waiting = records.filter { known[$0.ref] != nil }[...]
            func addNext() {
                guard let record = waiting.popFirst(), let processor = known[record.ref] else { return }
                group.addTask { await verification.verify(processor, record, platform: platform) }
            }
            for _ in 0..<max(1, parallelism) { addNext() }
            for await (record, failure) in group {
                failures[record.ref] = failure
                changed.append(record)
                addNext()
            }
        }
        return (changed, failures)
    }

    /// Writes records of what was done outside of a plan.
    ///
    /// - Parameter lease: what they are written under; it is given back with them.
    func record(_ records: [RefRecord], message: String, under lease: Lease?) async throws(Failure) {
        _ = try await store.write(
            records, environment: workspace.desired.environment, message: "\(message)\n\nPinion-Run: \(run)\n",
            under: lease, releasing: true)
    }

    func records() async throws(Failure) -> [ProcessorRef: RefRecord] {
        try await store.records(of: workspace.desired.environment)
    }

    /// What runs in the environment.
    func deployed() async throws(Failure) -> StatusRow.Deployed {
        if let modal { return .functions(try await modal.platform.audit(nil)) }
        return .containers(try await engine.containers().filter { $0.owner == workspace.owner })
    }

    /// Does something with the images of some processors, one step of a reconcile by itself.
    func images<Value: Sendable>(
        builds: Bool, show: @escaping @Sendable (RunEvent) -> Void,
        _ body: (ImageOperations) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await work(builds: builds, show: show) { operations, _, _ throws(Failure) in try await body(operations) }
    }

    /// As `images`, with what tests them and what tells of it.
    func work<Value: Sendable>(
        builds: Bool, show: @escaping @Sendable (RunEvent) -> Void,
        _ body: (ImageOperations, ProcessorSmokeTester, EventLog) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let log = eventLog(show)
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let operations = ImageOperations(
            try await services(builds: builds, folder), run: run, log: log, of: workspace.desired,
            now: { Int(Self.seconds()) }, discard: { path in try? FileManager.default.removeItem(atPath: path) })
        return try await body(operations, try await smokeTester(folder), log)
    }

    private func services(builds: Bool, _ folder: TemporaryFolder) async throws(Failure) -> Services {
        Services(
            builder: try await builder(isNeeded: builds), registry: registry, engine: engine,
            localImages: engine, contexts: GitContextSource(workspace.repository, temporaryFolder: folder.path),
            store: store,
            pins: pinWriter(), smoke: try await smokeTester(folder), functions: modal?.platform,
            owner: workspace.owner)
    }

    /// What a smoke test writes is gone with it: its world is a temporary folder.
    func smokeTester(_ folder: TemporaryFolder) async throws(Failure) -> ProcessorSmokeTester {
        let surroundings = RunSurroundings(
            world: try await LocalWorld(at: folder.path + "/world"),
            lane: lane.map { (name: $0.name, allowsReal: $0.allowsReal) })
        let adapter = LocalAdapter(engine: engine, surroundings: surroundings, mark: .ofThisProcess)
        return ProcessorSmokeTester(
            local: adapter, modal: modal?.adapter(for: workspace.environment, surroundings),
            registry: try workspace.catalog.runnable())
    }

    /// What is wrong with the endpoints of what is desired: each has to be healthy, and to run what is pinned.
    func liveFindings() async throws(Failure) -> [DriftFinding] {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let surroundings = RunSurroundings(world: try await LocalWorld(at: folder.path + "/world"))
        guard let adapter = modal?.adapter(for: workspace.environment, surroundings) else {
            throw Failure(.spec, "--live is for environments on Modal, and '\(workspace.environment.name)' is none")
        }
        let asked = workspace.desired.processors.compactMap { wanted -> Endpoint? in
            guard let name = wanted.function, let image = (workspace.pins[wanted.ref] ?? wanted.pins)[.amd64]?.digest
            else { return nil }
            return Endpoint(processor: wanted.processor, app: name.app, image: image)
        }
        return await withTaskGroup(of: DriftFinding?.self) { group in
            var (findings, waiting): ([DriftFinding], _) = ([], asked[...])
            for endpoint in waiting.prefix(8) { group.addTask { await endpoint.finding(by: adapter) } }
            waiting = waiting.dropFirst(8)
            for await finding in group {
                if let finding { findings.append(finding) }
                if let next = waiting.popFirst() { group.addTask { await next.finding(by: adapter) } }
            }
            return findings.sorted { $0.app < $1.app }
        }
    }

    /// An endpoint that is asked whether it is as it should be.
    private struct Endpoint: Sendable {
        let processor: Processor
        let app: String
        let image: Digest

        func finding(by adapter: ModalAdapter) async -> DriftFinding? {
            do throws(Failure) {
                try await adapter.checkHealth(of: processor, running: image)
                return nil
            } catch {
                return DriftFinding(
                    ref: processor.ref, app: app, kind: .endpoint, expected: "healthy, running \(image.short)",
                    actual: error.description)
            }
        }
    }

    private func builder(isNeeded: Bool) async throws(Failure) -> any ImageBuilder {
        try await build.builder(engine.client, logins, registry, isNeeded: isNeeded)
    }

    private func pinWriter() -> GitPinWriter {
        GitPinWriter(
            workspace.references, branch: workspace.pinBranch ?? workspace.branch ?? "main",
            at: workspace.catalog.commit.id, holdsPinsOnly: workspace.pinBranch != workspace.branch, as: authorship,
            time: Self.seconds)
    }

    private static let seconds: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
}

/// buildx writes images to disk and the OCI client pushes them: by digest, with constant times, without a tag.
extension OCIRegistryClient: LayoutPusher {}

/// Names of runs: sortable by time, unlikely to meet.
enum RunID {
    /// Twelve hexadecimal digits: eight of the time in seconds, four by chance.
    static func new() -> String {
        let time = String(UInt32(truncatingIfNeeded: Int64(Date().timeIntervalSince1970)), radix: 16)
        let chance = String(UInt16.random(in: .min ... .max), radix: 16)
        return time + String(repeating: "0", count: 4 - chance.count) + chance
    }

    /// When a run began, in seconds since 1970; `nil` for a name of another kind.
    static func time(of run: String) -> Int? { run.count == 12 ? Int(run.prefix(8), radix: 16) : nil }
}

/// A folder for this run's temporary files.
struct TemporaryFolder {
    let path: String

    init() throws(Failure) {
        path = FileManager.default.temporaryDirectory.path + "/pinion-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw Failure(.spec, "the temporary folder \(path) cannot be made: \(error)") }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
