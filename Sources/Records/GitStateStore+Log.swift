package import DeploymentModel
import FoundationEssentials
import Git

/// A commit that changed records of an environment.
package struct RecordsCommit: Sendable {
    package let id: String
    /// Seconds since 1970.
    package let time: Int
    package let author: String
    /// The first line of its message.
    package let subject: String
    /// The run that made it.
    package let run: String?
    /// What each record was and became; `nil` for what was not there, and what is gone.
    package let changes: [(old: RefRecord?, new: RefRecord?)]
}

extension GitStateStore {
    /// The commits that changed records of an environment, the newest first; those of leases alone are left out.
    ///
    /// - Parameters:
    ///   - ref: those that changed this one's record; `nil` for all.
    ///   - limit: how many at most.
    package func log(
        of environment: String, ref: ProcessorRef?, limit: Int
    ) async throws(Failure) -> [RecordsCommit] {
        try await Self.failing {
            guard let tip = try await repository.target(of: Self.reference(of: environment)) else { return [] }
            // Records by app came after those by ref.
            let paths = ref.map { [Self.folder(of: $0), Self.path(of: $0)] } ?? ["processors"]
            var commits: [Commit] = []
            for path in paths where commits.count < limit {
                let known = Set(commits.map(\.id))
                commits += try await repository.history(of: path, from: tip, limit: limit).filter {
                    !known.contains($0.id)
                }
            }
            var log: [RecordsCommit] = []
            for commit in commits.prefix(limit) {
                var changes: [(RefRecord?, RefRecord?)] = []
                for change in try await repository.changedPaths(from: commit.parents.first, to: commit.id)
                where paths.contains(where: { change.path == $0 || change.path.hasPrefix($0 + "/") }) {
                    changes.append(
                        (try await record(change.old, change.path), try await record(change.new, change.path)))
                }
                log.append(RecordsCommit(commit, changes: changes))
            }
            return log
        }
    }

    private func record(_ blob: ObjectID?, _ path: String) async throws -> RefRecord? {
        guard let blob else { return nil }
        return try await decode(TreeEntry(path: path, mode: .file, id: blob))
    }
}

extension RecordsCommit {
    fileprivate init(_ commit: Commit, changes: [(old: RefRecord?, new: RefRecord?)]) {
        let lines = commit.message.split(separator: "\n")
        let trailer = "Pinion-Run: "
        self.init(
            id: commit.id.hex, time: Int(commit.time), author: commit.author,
            subject: lines.first.map(String.init) ?? "",
            run: lines.last { $0.hasPrefix(trailer) }.map { String($0.dropFirst(trailer.count)) }, changes: changes)
    }
}
