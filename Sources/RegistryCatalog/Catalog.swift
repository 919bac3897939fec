package import DeploymentModel
package import Git
import JSON
import YAML

/// Everything that the registry of one commit says, and everything that is wrong with it.
package struct Catalog: Sendable {
    package let commit: Commit
    /// Sorted by ref. Specs with errors are left out.
    package let processors: [ProcessorSpec]
    package let supports: [SupportSpec]
    package let environments: [EnvironmentSpec]
    /// Sorted by place.
    package let diagnostics: [Diagnostic]
    /// The text of each file that a diagnostic names.
    package let sources: [String: [UInt8]]
    /// How many processor specs there are, broken ones too.
    package let processorFiles: Int

    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// Reads the registry of a commit out of git; no work tree is looked at.
    ///
    /// - Throws: `GitError` when git cannot be read. What is wrong with the files is in `diagnostics`.
    package init(of commit: Commit, in repository: GitRepository) async throws(GitError) {
        var reader = CatalogReader()
        for entry in try await repository.files(at: commit.id) {
            let isEnvironments = entry.path == EnvironmentSpec.file
            let place = SpecPath(entry.path)
            guard isEnvironments || place != nil else {
                if let folder = SpecPath.folder(in: entry.path) { reader.refuse(folder: folder) }
                continue
            }
            guard entry.mode == .file || entry.mode == .executable else {
                reader.refuse(entry)
                continue
            }
            let (size, bytes) = try await repository.blob(entry.id, atMost: YAMLBudget().bytes)
            guard let bytes else {
                reader.refuse(entry, size: size)
                continue
            }
            reader.read(entry.path, bytes, as: place)
        }
        reader.finish()
        self.commit = commit
        processors = reader.processors.sorted { $0.ref < $1.ref }
        supports = reader.supports.sorted { $0.path < $1.path }
        environments = reader.environments
        diagnostics = reader.diagnostics.sorted()
        sources = reader.sources
        processorFiles = reader.processorFiles
    }

    /// The environment of this name; `local` is there even where no file describes it.
    package func environment(named name: String) -> EnvironmentSpec? {
        environments.first { $0.name == name } ?? (name == "local" ? .standardLocal : nil)
    }
}
