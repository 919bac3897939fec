import ArgumentParser
import DeploymentModel
import Modal
import Reconciliation
import RegistryCatalog

struct SyncSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync_secrets", abstract: "Write the secrets that processors ask for to Modal.",
        discussion: """
            Values come from this process's environment, from a file or from a command; they go to Modal and nowhere \
            else. What was synced with the same value is left alone. Apps that mount a changed value get new \
            containers. REGISTRY_USERNAME and REGISTRY_PASSWORD together make REGISTRY_AUTH, for pulls.

            OPENAI_API_KEY=… pinion sync_secrets --ref llm/litellm@1 --env staging
            pinion sync_secrets --all --env staging --check
            """)

    @OptionGroup var sync: SecretSync

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in try await sync.run() }
    }
}

/// Syncing the secrets of an environment; the same under two names.
struct SecretSync: ParsableArguments {
    @OptionGroup var options: WorkspaceOptions

    @Option(help: ArgumentHelp("A processor whose secrets are synced. Can be repeated.", valueName: "ref"))
    var ref: [ProcessorRef] = []

    @Flag(help: "All processors of the registry.")
    var all = false

    @OptionGroup var source: SecretSourceOptions

    @Flag(help: "Tell what would be written, and write nothing.")
    var check = false

    @Flag(help: "Fail, before anything is written, when a required secret is neither given nor there.")
    var failOnMissing = false

    @Flag(help: "Delete what no processor asks for, where the environment allows it ('prune: true'). Needs --all.")
    var prune = false

    @Flag(help: "Exit with 2 when --check finds something to write.")
    var detailedExitcode = false

    @Flag(help: "Print it as JSON.")
    var json = false

    func validate() throws {
        guard ref.isEmpty == all else { throw ValidationError("Name processors with --ref, or take --all of them.") }
        guard all || !prune else { throw ValidationError("--prune needs --all: others may ask for the rest.") }
    }

    /// What became of one name.
    struct Row: Encodable {
        enum State: String, Encodable {
            case created, rotated, unchanged
            /// It is there, and no value was given.
            case kept
            /// Required, not there, and no value was given.
            case missing
            /// Optional, not there, and no value was given.
            case absent
            /// No processor asks for it.
            case unused
            case pruned
        }

        let name: String
        let state: State
        let refs: [ProcessorRef]
    }

    private struct Document: Encodable {
        let environment: String
        let isCheck: Bool
        let secrets: [Row]
        /// Apps that got new containers.
        let rolledOver: [String]
    }

    func run() async throws(Failure) -> ExitCode {
        let workspace = try await Workspace(options, on: .modal).deploying(all ? nil : ref, pins: [:])
        if prune, !workspace.environment.allowsPrune {
            throw Failure(
                .spec, "the environment '\(workspace.environment.name)' does not allow --prune",
                remedy: "Write 'prune: true' for it in pipelines/environments.yaml, if nobody else uses it.")
        }
        let session = try await Session(workspace, options)
        let needs = SecretNeeds(of: workspace.desired.processors.map(\.processor))
        let given = try await needs.values(from: source)
        guard let modal = session.modal else { return .failure }
        let there = Set(try await modal.platform.secretNames())
        try report(missing: needs, given, there, in: workspace.environment.name)
        // A spec that can't be read, or was not asked for, may well want the rest.
        let isComplete = all && workspace.desired.isComplete
        let unused = isComplete ? there.subtracting(needs.names + [FunctionSpec.registryAuth]).sorted() : []
        let prunes = prune && !check && !unused.isEmpty
        // Refused before anything is written.
        if prunes { try await checkUnmounted(unused, modal) }
        let changes = try await modal.platform.syncSecrets(given, isCheck: check)
        if prunes { _ = try await modal.platform.pruneSecrets(unused) }
        let rows =
            Self.rows(needs, changes, there)
            + unused.map { Row(name: $0, state: prunes ? .pruned : .unused, refs: []) }
        let (rolledOver, failure) = check ? ([], nil) : try await session.rollOver(workspace)
        try show(rows, rolledOver, workspace)
        if let failure { throw failure }
        let isPending = changes.values.contains { $0 != .unchanged }
        return check && detailedExitcode && isPending ? ExitCode(2) : .success
    }

    /// What no spec asks for may still be mounted by somebody's app.
    private func checkUnmounted(_ names: [String], _ modal: ModalAccess) async throws(Failure) {
        let audit = try await modal.platform.audit(nil)
        var apps: [String: String] = [:]
        for app in audit.apps.values {
            for name in app.functions.flatMap(\.secrets) { apps[name] = app.name }
        }
        let mounted = names.filter { apps[$0] != nil }
        guard mounted.isEmpty else {
            let list = mounted.map { "\($0) (\(apps[$0] ?? ""))" }.joined(separator: ", ")
            throw Failure(
                .predicate, "no processor asks for them, and apps still mount them: \(list)",
                remedy: "Deploy those apps anew first, or stop them; nothing was written or deleted.")
        }
    }

    /// Required secrets that are neither given nor there: all of them at once.
    private func report(
        missing needs: SecretNeeds, _ given: [SecretValue], _ there: Set<String>, in environment: String
    ) throws(Failure) {
        let names = needs.missing(given: given, there: there)
        guard let failure = needs.failure(missing: names, in: environment) else { return }
        guard !failOnMissing else { throw failure }
        Output.note("\(Style.standardError.yellow("warning:")) \(failure.message)")
    }

    private static func rows(
        _ needs: SecretNeeds, _ changes: [String: SecretChange], _ there: Set<String>
    ) -> [Row] {
        let asked = needs.names.map { name -> Row in
            let refs = (needs.required[name] ?? []) + (needs.optional[name] ?? [])
            let state: Row.State =
                switch changes[name] {
                case .created: .created
                case .rotated: .rotated
                case .unchanged: .unchanged
                case nil where there.contains(name): .kept
                case nil: needs.required[name] == nil ? .absent : .missing
                }
            return Row(name: name, state: state, refs: refs)
        }
        let login = FunctionSpec.registryAuth
        let pull = changes[login].flatMap { Row.State(rawValue: $0.rawValue) }.map {
            [Row(name: login, state: $0, refs: [])]
        }
        return asked + (pull ?? [])
    }

    private func show(_ rows: [Row], _ rolledOver: [String], _ workspace: Workspace) throws(Failure) {
        if json {
            let document = Document(
                environment: workspace.environment.name, isCheck: check, secrets: rows, rolledOver: rolledOver)
            return Output.result(try JSONText(document).text)
        }
        guard !rows.isEmpty else { return Output.note("No processor asks for a secret.") }
        let cells = rows.map { row in
            let state =
                check && (row.state == .created || row.state == .rotated)
                ? "would be \(row.state.rawValue)" : row.state.rawValue
            return [row.name, state, row.refs.map(\.description).joined(separator: ", ")]
        }
        Output.view(TableText(["SECRET", "STATE", "PROCESSORS"], cells, style: .standardOutput).text)
        for app in rolledOver { Output.view("\(app)  rolled over: it has new containers") }
    }
}

extension Session {
    /// Gives new containers to every app of the environment that may hold an old value, and records its new version.
    ///
    /// - Returns: the names of the apps, and why there are no more (`ERR_LEASE` when another run works on one of them): what
    ///   was done is told all the same.
    func rollOver(_ workspace: Workspace) async throws(Failure) -> RolledOver {
        guard let modal else { return ([], nil) }
        var stale = try await modal.platform.audit(nil).apps.values
            .filter { modal.names.owner(of: $0) == .environment && !$0.staleSecrets.isEmpty }
            .sorted { $0.name < $1.name }
        guard !stale.isEmpty else { return ([], nil) }
        let recorded = try await records().values.compactMap { record in record.binding.map { ($0.name, record.ref) } }
        let desired = workspace.desired.processors.compactMap { wanted in wanted.function.map { ($0.app, wanted.ref) } }
        let refs = Dictionary(recorded + desired) { first, _ in first }
        let (lease, refused) = try await lease(stale.compactMap { refs[$0.name] })
        stale.removeAll { app in refs[app.name].map { refused[$0] != nil } ?? false }
        let apps = stale
        let done: RolledOver =
            if let lease {
                await lease.keeping { await rollOver(apps, modal, under: lease) }
            } else {
                await rollOver(apps, modal, under: nil)
            }
        return (done.apps, done.failure ?? refused.min { $0.key < $1.key }?.value)
    }

    typealias RolledOver = (apps: [String], failure: Failure?)

    private func rollOver(
        _ apps: [ObservedApp], _ modal: ModalAccess, under lease: LeaseKeeper?
    ) async -> RolledOver {
        var names: [String] = []
        do throws(Failure) {
            var changed: [RefRecord] = []
            var failure: Failure?
            // Read under the lease: what another run recorded before it is seen.
            let records = try await records()
            for app in apps {
                let version: Int
                do throws(Failure) {
                    if let lease {
                        version = try await lease.during(deadline: 60) { () throws(Failure) in
                            try await modal.platform.rollover(app.name)
                        }
                    } else {
                        version = try await modal.platform.rollover(app.name)
                    }
                } catch {
                    failure = error
                    continue
                }
                names.append(app.name)
                // Only what was recorded as it was: another version is somebody else's doing, and drift has to say so.
                guard let record = records.values.first(where: { $0.binding?.name == app.name }),
                    let binding = record.binding, binding.version == app.version
                else { continue }
                changed.append(record.bound(to: binding.at(version)))
            }
            if !changed.isEmpty {
                try await record(
                    changed, message: "\(environmentName): rollover of \(names.joined(separator: ", "))",
                    under: lease?.lease)
            } else {
                try await lease?.release()
            }
            return (names, failure)
        } catch {
            // What is not given back runs out by itself.
            try? await lease?.release()
            return (names, error)
        }
    }
}
