package import DeploymentModel
package import Git
import SystemPackage

/// Writes build contexts straight from git objects.
package struct GitContextSource: ContextSource {
    private let repository: GitRepository
    private let folder: String

    /// - Parameter folder: where the temporary archives go.
    package init(_ repository: GitRepository, temporaryFolder folder: String) {
        self.repository = repository
        self.folder = folder
    }

    package func archive(of recipe: BuildRecipe) async throws(Failure) -> ContextArchive {
        guard let commit = ObjectID(recipe.commit) else {
            throw Failure(.git, "'\(recipe.commit)' is no commit id")
        }
        let context = try await BuildContext(
            BuildContext.Recipe(
                context: recipe.context, dockerfile: recipe.dockerfile, args: recipe.args, target: recipe.target),
            at: commit, in: repository)
        let path = "\(folder)/context-\(UInt64.random(in: .min ... .max)).tar"
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
            do {
                var tar = TarWriter(file)
                try await write(context.archived, into: &tar)
                try tar.finish()
                try file.close()
            } catch {
                try? file.close()
                throw error
            }
        } catch let error as GitError {
            throw Failure(.git, error.message)
        } catch {
            throw Failure(.imageBuild, "the build context cannot be written to \(path): \(error)")
        }
        return ContextArchive(path: path, dockerfile: context.dockerfile)
    }

    /// How much is held while the archive is written: twice this.
    private static let budget = 4 << 20

    /// Reads the next files while these are written.
    private func write(_ entries: [TreeEntry], into tar: inout TarWriter) async throws {
        let ids = entries.map(\.id)
        var contents = try await repository.blobs(ids[...], budget: Self.budget)
        var done = 0
        while done < entries.count {
            let end = done + contents.count
            async let following = repository.blobs(ids[end...], budget: Self.budget)
            for (entry, content) in zip(entries[done..<end], contents) {
                if entry.mode == .symlink {
                    try tar.addLink(entry.path, target: String(decoding: content, as: UTF8.self))
                } else {
                    try tar.add(entry.path, content: content, isExecutable: entry.mode == .executable)
                }
            }
            contents = try await following
            done = end
        }
    }
}
