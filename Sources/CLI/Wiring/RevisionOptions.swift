import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import RegistryCatalog

/// Which repository and which of its revisions a command reads.
struct RevisionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The git repository, bare or not.", valueName: "path"))
    var repo = "."

    @Option(
        help: ArgumentHelp("The revision that is read: a branch, a tag, a commit. Default: HEAD.", valueName: "rev"))
    var rev: String?

    func open() async throws(Failure) -> GitRepository {
        do throws(GitError) {
            return try GitRepository(at: repo)
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

    func failure(_ error: GitError) -> Failure {
        switch error.kind {
        case .notARepository: Failure(.git, error.message, remedy: "Go into one, or name one with --repo PATH.")
        case .foreignOwner:
            Failure(.git, error.message, remedy: "If you trust it: git config --global --add safe.directory \(repo)")
        case .notFound, .invalid:
            Failure(
                .git, error.message, remedy: rev == nil ? "Commit something first." : "See: git log --oneline --all")
        default: Failure(.git, error.message)
        }
    }
}
