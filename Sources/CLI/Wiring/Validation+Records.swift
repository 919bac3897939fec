import DeploymentModel
import Git
import Records
import RegistryCatalog

extension Validation {
    /// Judges the registry of a commit, with the versions that are recorded as published and what this user's earlier runs
    /// know.
    ///
    /// - Parameter base: only what the change from there on is answerable for.
    /// - Throws: `Failure` when git cannot be read.
    init(ofAllIn commit: Commit, since base: Commit? = nil, in repository: GitRepository) async throws(Failure) {
        let store = GitStateStore(reading: repository)
        var publications: [ImmutabilityCheck.Publication] = []
        for environment in ["staging", "main"] {
            for (ref, record) in try await store.records(of: environment) {
                guard let commit = record.applied?.commit else { continue }
                publications.append(
                    ImmutabilityCheck.Publication(ref: ref, environment: environment, commit: commit))
            }
        }
        let cache = JudgementCache.ofUser()
        if let base {
            self = try await Validation(
                ofChangeFrom: base, to: commit, in: repository, publications: publications, cache: cache)
        } else {
            self = try await Validation(of: commit, in: repository, publications: publications, cache: cache)
        }
    }
}
