package import DeploymentModel
import FoundationEssentials
package import Git

extension GitStateStore {
    /// What was recorded of a ref, the newest first, each with the commit that recorded it.
    ///
    /// - Parameter limit: how many commits at most.
    package func past(
        of ref: ProcessorRef, in environment: String, limit: Int = .max
    ) async throws(Failure) -> [(commit: Commit, record: RefRecord)] {
        try await Self.failing {
            guard let tip = try await repository.target(of: Self.reference(of: environment)) else { return [] }
            let path = place(of: ref)
            var past: [(Commit, RefRecord)] = []
            for commit in try await repository.history(of: path, from: tip, limit: limit) {
                guard let entry = try await repository.file(at: path, in: commit.id) else { continue }
                past.append((commit, try await decode(entry)))
            }
            return past
        }
    }

    /// The commit that recorded the build as it is recorded now; `nil` when it is not.
    package func commit(of build: BuildRecord.ID) async throws(Failure) -> Commit? {
        try await Self.failing {
            guard let tip = try await repository.target(of: Self.buildsReference) else { return nil }
            return try await repository.history(of: Self.path(of: build), from: tip, limit: 1).first
        }
    }
}
