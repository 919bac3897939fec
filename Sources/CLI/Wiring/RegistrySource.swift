import DeploymentModel
import Git
import RegistryCatalog

/// Where a command's registry comes from: the tip of a branch, or the working tree; with the environment and its pins.
struct RegistrySource {
    let references: SharedReferences
    let branch: String?
    let catalog: Catalog
    let environment: EnvironmentSpec
    let target: PinTarget

    /// - Parameter worktree: reads the working tree, with what is not committed, in place of the branch's tip.
    /// - Throws: `Failure` with `ERR_GIT` (no repository, no such branch) or `ERR_SPEC` (no such environment).
    init(_ options: WorkspaceOptions, worktree: Bool = false) async throws(Failure) {
        do throws(GitError) {
            let place = try await RepositoryPlace(options.repo, remote: options.remote)
            references = try await place.references()
            if let name = options.branch ?? place.branch {
                branch = name
            } else {
                branch = try await references.repository.headBranch()
            }
            let repository = references.repository
            let commit =
                worktree
                ? try await repository.workTreeCommit()
                : try await repository.commit(at: branch.map { "refs/heads/\($0)" } ?? "HEAD")
            catalog = try await Catalog(of: commit, in: repository)
        } catch { throw await Self.failure(error, options) }
        environment = try Self.environment(of: catalog, options)
        target = try await PinTarget(
            worktree ? .record : options.pins ?? environment.pins, branch: branch, at: catalog.commit.id,
            in: references.repository)
    }

    /// - Throws: `Failure` with `ERR_SPEC` when there is no environment of that name.
    private static func environment(of catalog: Catalog, _ options: WorkspaceOptions) throws(Failure) -> EnvironmentSpec
    {
        if let environment = catalog.environment(named: options.env) { return environment }
        let names = Set(catalog.environments.map(\.name) + ["local"]).sorted().joined(separator: ", ")
        throw Failure(
            .spec, "there is no environment '\(options.env)' in \(EnvironmentSpec.file)",
            remedy: "There is: \(names).")
    }

    private static func failure(_ error: GitError, _ options: WorkspaceOptions) async -> Failure {
        switch error.kind {
        case .notARepository:
            Failure(.git, error.message, remedy: "Go into one, or name one with --repo PATH.")
        case .unauthorized:
            Failure(.git, error.message, remedy: "Log in with a git credential helper, GIT_ASKPASS or an ssh agent.")
        case .unreachable: Failure(.network, error.message, remedy: "Is the address right, and the network there?")
        case .foreignOwner:
            Failure(
                .git, error.message, remedy: "If you trust it: git config --global --add safe.directory \(options.repo)"
            )
        case .notFound, .invalid:
            Failure(
                .git, options.branch.map { "there is no branch '\($0)' in \(options.repo)" } ?? error.message,
                remedy: options.branch == nil ? "Commit something first." : "See: git branch --list")
        default: Failure(.git, error.message)
        }
    }
}
