import DeploymentModel
import FoundationEssentials
import Git
import JSON
import RegistryCatalog

/// What a command works on: a repository, the catalog of one of its commits, and an environment.
struct Workspace {
    let references: SharedReferences
    let branch: String?
    let catalog: Catalog
    let desired: DesiredState
    /// Everything that is wrong with the registry, sorted by place.
    let diagnostics: [Diagnostic]
    /// The branch that pin commits go to, where they go to one.
    let pinBranch: String?
    /// Things that the user should know.
    let notes: [String]

    var repository: GitRepository { references.repository }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// - Parameter worktree: reads the working tree, with what is not committed, in place of the branch's tip.
    /// - Throws: `Failure` with `ERR_GIT` (no repository, no such branch) or `ERR_SPEC` (no such environment).
    init(_ options: WorkspaceOptions, worktree: Bool = false) async throws(Failure) {
        let references: SharedReferences
        let branch: String?
        let commit: Commit
        let catalog: Catalog
        do throws(GitError) {
            let place = try await RepositoryPlace(options.repo, remote: options.remote)
            references = try await place.references()
            if let name = options.branch ?? place.branch {
                branch = name
            } else {
                branch = try await references.repository.headBranch()
            }
            let repository = references.repository
            if worktree {
                commit = try await repository.workTreeCommit()
            } else {
                commit = try await repository.commit(at: branch.map { "refs/heads/\($0)" } ?? "HEAD")
            }
            catalog = try await Catalog(of: commit, in: repository)
        } catch { throw await Self.failure(error, options) }

        let environment = try Self.environment(of: catalog, options)
        let target = try await PinTarget(
            worktree ? .record : options.pins ?? environment.pins, branch: branch, at: commit.id,
            in: references.repository)
        let reader = DesiredStateReader(catalog, in: references.repository, environment: environment)
        let read = try await reader.read(branch: branch, pins: target.mode, pinned: target.pins)
        self.references = references
        self.branch = branch
        self.catalog = catalog
        desired = read.state
        diagnostics = (catalog.diagnostics + read.diagnostics).sorted()
        pinBranch = target.branch
        notes = target.notes
    }

    /// - Throws: `Failure` with `ERR_SPEC` when there is no environment of that name.
    static func environment(of catalog: Catalog, _ options: WorkspaceOptions) throws(Failure) -> EnvironmentSpec {
        if let environment = catalog.environment(named: options.env) { return environment }
        let names = Set(catalog.environments.map(\.name) + ["local"]).sorted().joined(separator: ", ")
        throw Failure(
            .spec, "there is no environment '\(options.env)' in \(EnvironmentSpec.file)",
            remedy: "There is: \(names).")
    }

    static func failure(_ error: GitError, _ options: WorkspaceOptions) async -> Failure {
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

/// Where the pins of a run go, and which are there already.
struct PinTarget {
    let mode: PinMode
    let branch: String?
    /// The pins on a branch of their own, by path of the spec; `nil` where the specs that were read have them.
    let pins: [String: [Platform: ImageReference]]?
    let notes: [String]

    init(
        _ asked: PinMode, branch: String?, at commit: ObjectID, in repository: GitRepository
    ) async throws(Failure) {
        guard asked != .record else {
            mode = .record
            self.branch = nil
            pins = nil
            notes = []
            return
        }
        guard let branch else {
            throw Failure(
                .git, "HEAD is detached, so there is no branch to commit pins on",
                remedy: "Name one with --branch NAME, or keep them in the record with --pins record.")
        }
        do throws(GitError) {
            let isCheckedOut = try await repository.isCheckedOut(branch: branch)
            let own = GitPinWriter.pinBranch(of: branch)
            pins = try await Self.pins(on: own, after: commit, in: repository)
            guard asked == .branch || isCheckedOut else {
                mode = .commit
                self.branch = branch
                // The branch did not take them when they were made: it is protected.
                notes = pins == nil ? [] : ["pins wait on the branch \(own), to be merged into \(branch)"]
                return
            }
            // A branch that some work tree has checked out is never moved under it.
            mode = .branch
            self.branch = own
            notes =
                isCheckedOut && asked == .commit
                ? ["\(branch) is checked out, so its pins go to the branch \(own); take them with: git merge \(own)"]
                : []
        } catch { throw Failure(.git, error.message) }
    }

    /// What a branch of pins has; `nil` when there is none that goes on from this commit.
    private static func pins(
        on branch: String, after commit: ObjectID, in repository: GitRepository
    ) async throws(GitError) -> [String: [Platform: ImageReference]]? {
        guard let tip = try await repository.target(of: "refs/heads/\(branch)"), tip != commit,
            try await repository.descends(tip, from: commit)
        else { return nil }
        let pinned = try await Catalog(of: repository.commit(at: tip.hex), in: repository)
        return Dictionary(pinned.processors.map { ($0.path, $0.image.pins) }) { first, _ in first }
    }
}
