import ContentCache
import DeploymentModel
import FoundationEssentials
import Git
import Records
import RegistryCatalog

/// Where a command's registry comes from: the tip of a branch, or the working tree; with the environment and its pins.
struct RegistrySource {
    let references: SharedReferences
    /// Where records and leases are: there too, unless the user names another repository.
    let state: SharedReferences
    let branch: String?
    let catalog: Catalog
    let environment: EnvironmentSpec
    let target: PinTarget

    /// How the apps of the environment are named; `nil` where its target is not Modal.
    let names: AppNaming?

    /// - Parameters:
    ///   - revision: is read in place of the branch's tip.
    ///   - worktree: reads the working tree, with what is not committed, in place of the branch's tip.
    ///   - wanted: what the environment has to run on; `nil` for anything.
    ///   - ahead: begins to ask for what comes after the registry.
    /// - Throws: `Failure` with `ERR_GIT` (no repository, no such branch), `ERR_FUNCTION_NOT_FOUND` (no such environment)
    ///   or `ERR_SPEC` (one that runs on something else).
    init(
        _ options: WorkspaceOptions, at revision: String? = nil, worktree: Bool = false, on wanted: Target? = nil,
        ahead: LookAhead? = nil
    ) async throws(Failure) {
        let (references, head) = try await Self.open(options)
        let repository = references.repository
        state = try await options.state.references(besides: references)
        ahead?.begin(options.env, of: repository, recordsIn: state.repository)
        var branch = head
        var catalog = try await Self.catalog(
            of: head, named: options.branch, worktree: worktree, in: repository, options)
        let environment = try EnvironmentChoice(options.env, on: wanted).environment(of: catalog)
        ahead?.begin(environment)
        // The environment's own branch counts, unless the user names one.
        if options.branch == nil, !worktree, let own = environment.branch, own != branch {
            branch = own
            catalog = try await Self.catalog(of: own, named: own, worktree: false, in: repository, options)
        }
        if let revision { catalog = try await Self.catalog(at: revision, in: repository, options) }
        self.references = references
        self.branch = branch
        self.catalog = catalog
        self.environment = environment
        names = environment.target == .modal ? try Self.names(environment, branch: head, repo: options.repo) : nil
        target = try await PinTarget(
            worktree ? .record : options.pins ?? environment.pins, branch: branch, at: catalog.commit.id,
            isTip: revision == nil, in: repository)
    }

    /// The repository, and the branch that the user means.
    private static func open(_ options: WorkspaceOptions) async throws(Failure) -> (SharedReferences, String?) {
        do throws(GitError) {
            let place = try await RepositoryPlace(options.repo, remote: options.remote)
            let references = try await place.references()
            if let name = options.branch ?? place.branch { return (references, name) }
            return (references, try await references.repository.headBranch())
        } catch { throw failure(error, options, branch: options.branch) }
    }

    /// - Parameter name: the branch as somebody named it; what is wrong with the one that HEAD names is told as it is.
    private static func catalog(
        of branch: String?, named name: String?, worktree: Bool, in repository: GitRepository,
        _ options: WorkspaceOptions
    ) async throws(Failure) -> Catalog {
        do throws(GitError) {
            let commit =
                worktree
                ? try await repository.workTreeCommit()
                : try await repository.commit(at: branch.map { "refs/heads/\($0)" } ?? "HEAD")
            // What is not committed is gone with this run.
            return try await Catalog(of: commit, in: repository, cache: worktree ? nil : .ofUser())
        } catch { throw failure(error, options, branch: name) }
    }

    private static func catalog(
        at revision: String, in repository: GitRepository, _ options: WorkspaceOptions
    ) async throws(Failure) -> Catalog {
        do throws(GitError) {
            return try await Catalog(of: repository.commit(at: revision), in: repository, cache: .ofUser())
        } catch {
            throw Failure(
                .git, "there is no commit '\(revision)' in \(RepositoryPlace.shown(options.repo))",
                remedy: "See: git log --oneline --all")
        }
    }

    /// How the apps of an environment are named by who runs this.
    static func names(_ environment: EnvironmentSpec, branch: String?, repo: String) throws(Failure) -> AppNaming {
        let variables = ProcessInfo.processInfo.environment
        let nobody = Identity(name: "", email: "")
        let folder = RepositoryPlace.path(repo)
        let user = Authorship(environment: variables, in: folder, otherwise: nobody).author.name
        return try AppNaming(environment, variables: variables, branch: branch, user: user.isEmpty ? nil : user)
    }

    static func failure(_ error: GitError, _ options: WorkspaceOptions, branch: String?) -> Failure {
        switch error.kind {
        case .notARepository:
            Failure(.git, error.message, remedy: "Go into one, or name one with --repo PATH.")
        case .unauthorized:
            Failure(
                .git, error.message, remedy: "Log in with a git credential helper, GIT_ASKPASS or an ssh agent.",
                cause: .credentials)
        case .unreachable: Failure(.network, error.message, remedy: "Is the address right, and the network there?")
        case .foreignOwner:
            Failure(.git, error.message, remedy: RepositoryPlace.trust(options.repo))
        case .notFound where options.remote.map { error.message.contains("no remote '\($0)'") } ?? false:
            Failure(.git, error.message, remedy: "See: git remote. Add it: git remote add \(options.remote ?? "") URL")
        case .notFound, .invalid:
            options.branch == nil && branch == nil
                ? RevisionOptions.failure(error, repo: options.repo, missing: RevisionOptions.noCommit)
                : Failure(
                    .git,
                    branch.map { "there is no branch '\($0)' in \(RepositoryPlace.shown(options.repo))" }
                        ?? error.message,
                    remedy: options.branch == nil ? RevisionOptions.noCommit : "See: git branch --list")
        default: Failure(.git, error.message)
        }
    }
}
