import DeploymentModel
import Git

/// The branches of the git remote, asked anew each time: a clone has what was there when it was fetched last.
struct RemoteBranches {
    private let references: SharedReferences
    private let options: WorkspaceOptions

    /// - Parameter source: where the registry comes from. When that is a checkout, its remote `origin` is asked; one without
    ///   remotes is asked itself.
    /// - Throws: `Failure` when the remote can't be asked, or nobody says which it is.
    init(_ source: RegistrySource, _ options: WorkspaceOptions) async throws(Failure) {
        self.options = options
        guard !source.references.isRemote else {
            references = source.references
            return
        }
        do throws(GitError) {
            let remotes = try await source.references.repository.remotes()
            if remotes.isEmpty {
                references = source.references
                return
            }
            guard remotes.contains("origin") else {
                throw GitError(.notFound, "there is no remote 'origin': name one with --remote (\(remotes.sorted()))")
            }
            references = try await RepositoryPlace(options.repo, remote: "origin").references()
        } catch { throw RegistrySource.failure(error, options, branch: nil) }
    }

    /// - Throws: `Failure` with `ERR_GIT` also when there is none: then it is hardly the right remote.
    func names() async throws(Failure) -> [String] {
        let folder = "refs/heads/"
        do throws(GitError) {
            try await references.refresh()
            let names = try await references.repository.references(under: String(folder.dropLast()))
            guard !names.isEmpty else {
                throw GitError(.other, "the remote has no branch at all: is it the right one?")
            }
            return names.map { String($0.dropFirst(folder.count)) }
        } catch { throw RegistrySource.failure(error, options, branch: nil) }
    }
}
