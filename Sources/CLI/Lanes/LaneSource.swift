import DeploymentModel
import FoundationEssentials
import Git
import RegistryCatalog

/// The commit that a lane is run for, and where the change begins that it is about.
struct LaneSource {
    /// With the remote in place of a checkout that does not reach far enough.
    let options: WorkspaceOptions
    /// Those of what was named, whether it reaches far enough or not.
    let references: SharedReferences
    let repository: GitRepository
    let catalog: Catalog
    /// The merge base of the commit and what it was compared with; `nil` where nobody asked.
    let base: Commit?

    var commit: Commit { catalog.commit }

    /// - Parameter base: a revision; in a checkout also the name of a branch that only its remote `origin` has.
    /// - Throws: `Failure` with `ERR_GIT` that says what to fetch.
    init(_ options: WorkspaceOptions, since base: String?) async throws(Failure) {
        do throws(GitError) {
            let place = try await RepositoryPlace(options.repo, remote: options.remote)
            references = try await place.references()
            let repository = references.repository
            let head = try await Self.head(options.branch ?? place.branch, in: repository)
            guard let base else {
                self.options = options
                self.repository = repository
                catalog = try await Catalog(of: head, in: repository)
                self.base = nil
                return
            }
            do throws(GitError) {
                self.base = try await Self.start(of: head, since: base, in: repository)
                self.repository = repository
                self.options = options
            } catch {
                // The history of a shallow clone ends where somebody stopped fetching. It is never fetched into: Pinion
                // has a full clone of its own.
                guard error.kind == .unsupported || error.kind == .notFound, options.remote == nil,
                    let copy = try? await Self.copy(options, holding: head.id)
                else { throw error }
                self.base = try await Self.start(of: head, since: base, in: copy)
                self.repository = copy
                self.options = options.of("origin")
            }
            catalog = try await Catalog(of: try await self.repository.commit(at: head.id.hex), in: self.repository)
        } catch { throw Self.failure(error, base, options) }
    }

    /// What the change goes out from where nobody says it: what GitHub and GitLab say of a pull or merge request.
    static func standardBase(_ variables: [String: String]) -> String? {
        let names = ["CI_MERGE_REQUEST_DIFF_BASE_SHA", "GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"]
        return names.compactMap { variables[$0] }.first { !$0.isEmpty }
    }

    private static func head(_ branch: String?, in repository: GitRepository) async throws(GitError) -> Commit {
        try await repository.commit(at: branch.map { "refs/heads/\($0)" } ?? "HEAD")
    }

    /// The commit that the change begins at: the best common ancestor, as for `git diff base...head`.
    private static func start(
        of head: Commit, since base: String, in repository: GitRepository
    ) async throws(GitError) -> Commit {
        let other = try await commit(named: base, in: repository)
        guard let common = try await repository.mergeBase(other.id, head.id) else { return other }
        return try await repository.commit(at: common.hex)
    }

    /// A branch of the remote has no prefix in Pinion's own clone, and only one in a checkout.
    private static func commit(named name: String, in repository: GitRepository) async throws(GitError) -> Commit {
        let own = name.hasPrefix("origin/") ? String(name.dropFirst("origin/".count)) : name
        do throws(GitError) { return try await repository.commit(at: name) } catch {
            guard error.kind == .notFound || error.kind == .invalid else { throw error }
            for reference in ["refs/remotes/origin/\(own)", "refs/heads/\(own)"] {
                if let id = try await repository.target(of: reference) {
                    return try await repository.commit(at: id.hex)
                }
            }
            throw error
        }
    }

    /// Pinion's own clone of the checkout's remote, if that has the commit.
    private static func copy(
        _ options: WorkspaceOptions, holding head: ObjectID
    ) async throws(GitError) -> GitRepository {
        let copy = try await RepositoryPlace(options.repo, remote: "origin").references().repository
        _ = try await copy.commit(at: head.hex)
        return copy
    }

    private static func failure(_ error: GitError, _ base: String?, _ options: WorkspaceOptions) -> Failure {
        guard let base, [.unsupported, .notFound, .invalid].contains(error.kind) else {
            return RegistrySource.failure(error, options, branch: options.branch)
        }
        return Failure(
            .git, "'\(base)' can't be compared with what is checked out: \(error.message)",
            remedy: "Fetch all of the history: git fetch --unshallow origin; in GitHub's checkout 'fetch-depth: 0', "
                + "in GitLab 'GIT_DEPTH: 0'.")
    }
}

extension WorkspaceOptions {
    /// The same on a remote of the repository.
    func of(_ remote: String) -> WorkspaceOptions {
        var options = self
        options.remote = remote
        return options
    }
}
