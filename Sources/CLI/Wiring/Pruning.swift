import DeploymentModel
import FoundationEssentials
import Git
import Modal
import Reconciliation
import Records
import RegistryCatalog

/// Stopping the apps of branches that are gone.
struct Pruning {
    private let environment: EnvironmentSpec
    private let branches: RemoteBranches
    private let modal: ModalAccess
    private let store: GitStateStore
    private let holder: LeaseHolder

    /// - Throws: `Failure` with `ERR_SPEC` where apps are not named by branch and user, or the environment does not allow it.
    init(_ options: WorkspaceOptions) async throws(Failure) {
        let source = try await RegistrySource(options, on: .modal)
        environment = source.environment
        guard let names = source.names, environment.appNames == .branchUser else {
            throw Failure(
                .spec, "the apps of '\(environment.name)' belong to no branch, so none of them goes with one",
                remedy: "What no spec asks for: pinion reconcile --env \(environment.name) --prune")
        }
        guard environment.allowsPrune else {
            throw Failure(
                .spec, "the environment '\(environment.name)' does not allow to prune",
                remedy: "Write 'prune: true' for it in \(EnvironmentSpec.file).")
        }
        branches = try await RemoteBranches(source, options)
        modal = try await ModalAccess(environment, names: names, policy: source.catalog.policy)
        let authorship = Authorship(
            environment: ProcessInfo.processInfo.environment, in: RepositoryPlace.path(options.repo),
            otherwise: Identity(name: "Pinion", email: "pinion@localhost"))
        store = GitStateStore(source.state, as: authorship, time: { Int64(Session.now()) })
        holder = LeaseHolder(
            holder: authorship.author.name, host: ProcessInfo.processInfo.hostName, run: RunID.new())
    }

    /// Every app with what becomes of it, and why.
    func look() async throws(Failure) -> PruneReport {
        PruneReport(environment.name, try await entries(nil).entries)
    }

    /// Stops what is gone: under a lease, and after another look.
    func prune(_ report: PruneReport) async throws(Failure) -> PruneReport {
        var report = report
        let gone = Set(report.gone)
        let recorded = try await store.refs(of: gone, in: environment.name)
        let audit = try await modal.platform.audit(gone.sorted())
        // An app that nobody recorded is leased by what its function tells.
        let refs = Dictionary(
            gone.compactMap { app in
                (recorded[app] ?? audit.apps[app].flatMap(Self.ref)).map { (app, $0) }
            }
        ) { first, _ in first }
        let (lease, refused) = try await LeaseKeeper.taking(
            Set(refs.values).sorted(), of: environment.name, for: holder, in: store, clock: ContinuousClock(),
            now: Session.now)
        for app in gone {
            if let ref = refs[app] {
                if let failure = refused[ref] { report.note(app, .failed, failure) }
            } else if audit.apps[app] == nil {
                report.note(app, .absent)
            } else {
                report.note(app, .kept, because: "its function is of no processor, so nobody could lease it")
            }
        }
        guard let lease else { return report }
        let free = gone.filter { app in refs[app].map { refused[$0] == nil } ?? false }
        let (done, failure) = await lease.keeping { () -> (PruneReport, Failure?) in
            var seen = report
            do throws(Failure) {
                // Somebody may have pushed the branch, or deployed, since the first look.
                let now = try await entries(free.sorted())
                for app in free.sorted() {
                    guard let entry = now.entries.first(where: { $0.app == app }) else {
                        seen.note(app, .absent)
                        continue
                    }
                    guard entry.isGone else {
                        seen.note(app, .kept, because: entry.reason)
                        continue
                    }
                    do throws(Failure) {
                        let wasThere = try await lease.during(deadline: 60) { () throws(Failure) in
                            try await modal.platform.stop(app)
                        }
                        seen.note(app, wasThere ? .stopped : .absent)
                    } catch { seen.note(app, .failed, error) }
                }
                return (seen, nil)
            } catch { return (seen, error) }
        }
        if let failure {
            try? await lease.release()
            throw failure
        }
        var seen = done
        let over = Set(seen.apps.filter { $0.outcome == .stopped || $0.outcome == .absent }.map(\.app))
        seen.record(
            try await store.forget(
                over, environment: environment.name,
                message:
                    "\(environment.name): prune \(over.sorted().joined(separator: ", "))\n\nPinion-Run: \(holder.run)\n",
                under: lease.lease))
        return seen
    }

    private func entries(_ apps: [String]?) async throws(Failure) -> BranchPruning {
        let audit = try await modal.platform.audit(apps)
        return BranchPruning(of: audit.apps.values, branches: try await branches.names())
    }

    /// `exec__llm_litellm__v1` → `llm/litellm@1`.
    private static func ref(of app: ObservedApp) -> ProcessorRef? {
        app.functions.lazy.compactMap { function -> ProcessorRef? in
            let parts = function.name.split(separator: "__")
            guard parts.count == 3, parts[0] == "exec", let line = parts[1].firstIndex(of: "_") else { return nil }
            let (namespace, name) = (parts[1][..<line], parts[1][parts[1].index(after: line)...])
            return try? ProcessorRef("\(namespace)/\(name)@\(parts[2].dropFirst())")
        }.first
    }
}

/// What becomes of every app, and why.
struct PruneReport: Encodable {
    static let format = "pinion.prune/1"

    enum Outcome: String, Encodable { case kept, gone, stopped, absent, failed }

    struct App: Encodable {
        let app: String
        let branch: String?
        let user: String?
        fileprivate(set) var outcome: Outcome
        /// As a clause.
        fileprivate(set) var reason: String
        fileprivate(set) var failure: Failure?
    }

    let format = Self.format
    let environment: String
    private(set) var apps: [App]
    /// The commit that removed the records; `nil` when none was there, or nothing was done.
    private(set) var commit: String?

    init(_ environment: String, _ entries: [BranchPruning.Entry]) {
        self.environment = environment
        apps = entries.map {
            App(
                app: $0.app, branch: $0.branch, user: $0.user, outcome: $0.isGone ? .gone : .kept, reason: $0.reason)
        }
    }

    /// The apps that are to be stopped.
    var gone: [String] { apps.filter { $0.outcome == .gone }.map(\.app) }

    var failures: [Failure] { apps.compactMap(\.failure) }

    fileprivate mutating func note(
        _ app: String, _ outcome: Outcome, _ failure: Failure? = nil, because reason: String? = nil
    ) {
        guard let index = apps.firstIndex(where: { $0.app == app }) else { return }
        apps[index].outcome = outcome
        apps[index].failure = failure
        if let reason { apps[index].reason = reason }
    }

    fileprivate mutating func record(_ commit: String?) { self.commit = commit }
}
