import ArgumentParser
import DeploymentModel
import Git
import RegistryCatalog

/// Which repository and which of its revisions a command reads.
struct RevisionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The git repository: a path, bare or not, or a URL.", valueName: "path or url"),
        completion: .directory)
    var repo = "."

    @Option(
        help: ArgumentHelp("The revision that is read: a branch, a tag, a commit. Default: HEAD.", valueName: "rev"))
    var rev: String?

    /// Opens the repository; one that is elsewhere is copied to a cache first, or brought up to date there.
    func open() async throws(Failure) -> GitRepository {
        do throws(GitError) {
            return try await RepositoryPlace(repo).references().repository
        } catch { throw failure(error) }
    }

    /// The catalog of the revision.
    func catalog(in repository: GitRepository) async throws(Failure) -> Catalog {
        try await catalog(at: rev ?? "HEAD", in: repository)
    }

    func catalog(at revision: String, in repository: GitRepository) async throws(Failure) -> Catalog {
        do throws(GitError) {
            return try await Catalog(of: repository.commit(at: revision), in: repository)
        } catch { throw failure(error) }
    }

    func failure(_ error: GitError) -> Failure { Self.failure(error, repo: repo, missing: remedyForMissing) }

    /// - Parameter missing: what to do when there is no such thing in the repository.
    static func failure(_ error: GitError, repo: String, missing: String? = nil) -> Failure {
        switch error.kind {
        case .notARepository: Failure(.git, error.message, remedy: "Go into one, or name one with --repo PATH.")
        case .foreignOwner:
            Failure(.git, error.message, remedy: RepositoryPlace.trust(repo))
        case .notFound, .invalid:
            // A tree that can't be read is no empty repository.
            missing == noCommit && error.kind == .notFound && error.message.hasPrefix("there is no revision")
                ? Failure(.git, "the repository at \(RepositoryPlace.shown(repo)) has no commit yet", remedy: missing)
                : Failure(.git, error.message, remedy: error.kind == .invalid && missing == noCommit ? nil : missing)
        case .untrusted:
            Failure(
                .network, error.message,
                remedy: "For https, name its authority: git config --global http.sslCAInfo FILE. "
                    + "For ssh, connect once with ssh itself, and look at the key that it shows.")
        case .unauthorized:
            Failure(
                .git, error.message, remedy: "Log in with a git credential helper, GIT_ASKPASS or an ssh agent.",
                cause: .credentials)
        case .unreachable: Failure(.network, error.message, remedy: "Is the address right, and the network there?")
        default: Failure(.git, error.message)
        }
    }

    private var remedyForMissing: String {
        if rev != nil { return "See: git log --oneline --all" }
        let isElsewhere = RepositoryPlace.path(repo) == nil
        return isElsewhere ? "Is the address right, and is there a commit?" : Self.noCommit
    }

    /// What to do where nothing is committed.
    static let noCommit =
        "Commit something first: git add . && git commit. A repository without specs begins with: pinion init"
}
