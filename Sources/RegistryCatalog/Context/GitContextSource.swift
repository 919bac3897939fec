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
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite)
        } catch { throw Failure(.imageBuild, "the build context cannot be written to \(path): \(error)") }
        defer { try? file.close() }
        try await context.write(to: file, named: path, from: repository)
        return ContextArchive(path: path, dockerfile: context.dockerfile, hidden: context.hidden)
    }
}
