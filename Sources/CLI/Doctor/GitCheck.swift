import DeploymentModel
import FoundationEssentials
import Git

/// The repository's remote: whether it answers, and whether this user may push there.
struct GitCheck {
    /// A path, or the address itself.
    let repo: String
    /// The name of the remote that is worked on; `nil` where the repository itself is.
    let remote: String?
    let variables: [String: String]
    var silence: Duration = .seconds(8)

    func findings() async -> [Finding] {
        let path = RepositoryPlace.path(repo)
        let repository: GitRepository
        let address: String
        do throws(GitError) {
            // A handle of its own: a remote that hangs keeps it busy.
            repository = try GitRepository(at: path ?? ".")
            if path == nil {
                address = repo
            } else {
                let known = try await repository.remotes()
                guard remote != nil || known.contains("origin") else { return [] }
                address = try await repository.address(ofRemote: remote ?? "origin")
            }
        } catch { return [.error("git remote", error.message, "git remote -v")] }
        let name = path == nil ? "the repository" : "'\(remote ?? "origin")'"
        do throws(GitError) {
            try await repository.checkPush(to: address, environment: variables, checkout: path, silence: silence)
            return [.ok("git remote", "\(name) answers, and takes pushes")]
        } catch {
            let remedy =
                switch error.kind {
                case .unauthorized: "gh auth login, or another credential helper: git config credential.helper"
                case .refused: "Ask for the right to push, or name another remote with --remote."
                default: "git ls-remote \(path == nil ? "URL" : remote ?? "origin")"
                }
            // Only who works on the remote needs it.
            let isNeeded = path == nil || remote != nil
            return [
                isNeeded
                    ? .error("git remote", error.message, remedy) : .warning("git remote", error.message, remedy)
            ]
        }
    }
}
