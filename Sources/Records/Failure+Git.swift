import DeploymentModel
import Git

extension Failure {
    /// What went wrong with the repository of the records.
    init(_ error: GitError) {
        self.init(.git, error.message, cause: error.kind == .unauthorized ? .credentials : nil)
    }
}
