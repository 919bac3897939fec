import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import Records

/// Where records, leases and approvals are kept, when not beside the specs.
struct StateRepositoryOptions: ParsableArguments {
    @Option(
        name: .customLong("state-repo"),
        help: ArgumentHelp(
            "Keep records, leases and approvals (refs/pinion/…) in this git repository instead of that of the specs.",
            valueName: "path or url"), completion: .directory)
    var place: String?

    /// The references of that repository; those of the specs' one where none is named.
    func references(besides specs: SharedReferences) async throws(Failure) -> SharedReferences {
        guard let place else { return specs }
        do throws(GitError) {
            return try await RepositoryPlace(place).references()
        } catch {
            switch error.kind {
            case .notARepository:
                throw Failure(.git, error.message, remedy: "Make one: git init --bare \(place)")
            case .unauthorized:
                throw Failure(
                    .git, error.message, remedy: "Log in with a git credential helper, GIT_ASKPASS or an ssh agent.",
                    cause: .credentials)
            case .unreachable: throw Failure(.network, error.message)
            default: throw Failure(.git, error.message)
            }
        }
    }
}

/// Which environment's records a command reads; it needs no registry for that.
struct RecordsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The git repository: a path, bare or not, or a URL.", valueName: "path or url"),
        completion: .directory)
    var repo = "."

    @Option(
        help: ArgumentHelp("Work on this remote of the repository instead, as with its URL: origin.", valueName: "name")
    )
    var remote: String?

    @OptionGroup var state: StateRepositoryOptions

    func store() async throws(Failure) -> GitStateStore {
        let variables = ProcessInfo.processInfo.environment
        let authorship = Authorship(
            environment: variables, in: RepositoryPlace.path(repo),
            otherwise: Identity(name: "Pinion", email: "pinion@localhost"))
        let references: SharedReferences
        do throws(GitError) {
            references = try await RepositoryPlace(repo, remote: remote).references()
        } catch { throw RevisionOptions.failure(error, repo: repo) }
        return GitStateStore(
            try await state.references(besides: references), as: authorship, time: { Int64(Session.now()) })
    }

    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when nothing is recorded of the environment.
    func check(_ environment: String, in store: GitStateStore) async throws(Failure) {
        let known = try await store.environments()
        guard !known.contains(environment) else { return }
        throw Failure(
            .functionNotFound, "nothing is recorded of '\(environment)'",
            remedy: known.isEmpty ? "Start with: pinion reconcile" : "There is: \(known.joined(separator: ", ")).")
    }
}
