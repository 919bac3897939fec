package import Git

/// A bare repository with a branch `main`, made for one test.
package struct RepositoryFixture: Sendable {
    package let folder: TemporaryFolder
    package let repository: GitRepository

    package static let authorship = Authorship(Identity(name: "Test", email: "test@example.com"))

    package init(_ files: [String: String] = [:]) async throws {
        folder = try TemporaryFolder()
        repository = try GitRepository(creatingBareAt: folder.path + "/registry.git")
        if !files.isEmpty { try await commit(files, message: "first") }
    }

    package var path: String { folder.path + "/registry.git" }

    /// Commits these files on top of `main`; `nil` removes a file.
    @discardableResult
    package func commit(_ files: [String: String?], message: String = "change") async throws -> ObjectID {
        let tip = try await repository.target(of: "refs/heads/main")
        let changes = files.sorted { $0.key < $1.key }.map { path, text in
            text.map { TreeChange.write(path: path, content: Array($0.utf8)) } ?? .remove(path: path)
        }
        let commit = try await repository.commit(
            changes, onto: tip, moving: "refs/heads/main", message: message, as: Self.authorship, time: 1_700_000_000)
        if let commit { return commit }
        return try await repository.commit(at: "main").id
    }

    /// The text of a file at the tip of `main`.
    package func text(_ path: String, at revision: String = "main") async throws -> String? {
        let commit = try await repository.commit(at: revision)
        guard let entry = try await repository.file(at: path, in: commit.id) else { return nil }
        return String(decoding: try await repository.blob(entry.id), as: UTF8.self)
    }
}
