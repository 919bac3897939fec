import Adapters
import DeploymentModel
import Docker
import FoundationEssentials
import Git
import OCI
import Reconciliation
import Records
import RegistryCatalog

/// The real components, wired together for one run on a workspace.
struct Session {
    private let workspace: Workspace
    private let run: String
    private let store: GitStateStore
    private let logins: DockerCredentials
    private let registry: OCIRegistryClient
    private let engine: DockerEngine
    private let authorship: Authorship
    private let environment: [String: String]

    init(_ workspace: Workspace, _ options: WorkspaceOptions) async throws(Failure) {
        let environment = ProcessInfo.processInfo.environment
        self.workspace = workspace
        self.environment = environment
        run = RunID.new()
        authorship = Authorship(
            environment: environment, in: RepositoryPlace.path(options.repo),
            otherwise: Identity(name: "Pinion", email: "pinion@localhost"))
        store = GitStateStore(workspace.references, as: authorship, time: Self.seconds)
        let logins = try DockerCredentials.reading(environment: environment)
        self.logins = logins
        registry = OCIRegistryClient(credentials: logins)
        engine = DockerEngine(
            EngineClient(try EngineAddress.resolve(environment: environment)),
            credentials: logins)
    }

    func plan() async throws(Failure) -> Plan {
        let observed = try await Observer(store: store, registry: registry, engine: engine).observe(workspace.desired)
        return Planner(desired: workspace.desired, observed: observed, platform: .host).plan()
    }

    func apply(
        _ plan: Plan, parallelism: Int, show: @escaping @Sendable (RunEvent) -> Void
    ) async throws(Failure) -> RunReport {
        let clock = ContinuousClock()
        let start = clock.now
        let log = EventLog(clock: { (clock.now - start) / .seconds(1) }, observer: show)
        guard !plan.items.isEmpty else { return RunReport(plan, run: run, events: []) }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let services = Services(
            builder: try await builder(of: plan), registry: registry, engine: engine,
            contexts: GitContextSource(workspace.repository, temporaryFolder: folder.path), store: store,
            pins: pinWriter(), smoke: LocalSmokeTester(engine: engine, folder: folder.path))
        let executor = Executor(services, run: run, log: log, parallelism: parallelism) { path in
            try? FileManager.default.removeItem(atPath: path)
        }
        return await executor.apply(plan)
    }

    func status() async throws(Failure) -> [StatusRow] {
        let records = try await store.records(of: workspace.desired.environment)
        // Without an engine the records are still worth a look.
        let containers = try? await engine.containers()
        return StatusRow.rows(desired: workspace.desired, records: records, containers: containers)
    }

    /// The builder that fits this machine; asking for it costs a run of docker, so a plan without builds doesn't.
    private func builder(of plan: Plan) async throws(Failure) -> any ImageBuilder {
        let now: @Sendable () -> Int = { Int(Self.seconds()) }
        if plan.items.contains(where: { !$0.builds.isEmpty }),
            case .buildx(let driver) = try await BuilderChoice.find(engine.client)
        {
            return BuildxBuilder(driver: driver, registry: registry, pusher: registry, now: now)
        }
        return EngineBuilder(engine.client, credentials: logins, registry: registry, now: now)
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
