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
    /// Sorted by name. Lanes with errors are left out.
    package let lanes: [LaneSpec]
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
        let files = RegistryFiles(try await repository.listing(of: commit.id).entries)
        var reader = CatalogReader()
        reader.diagnostics = files.diagnostics
        reader.processorFiles = files.entries.count { $0.isProcessor }
        // The schemas of the registry come first, so that no processor's file has to be kept until they are known.
        for processorsTurn in [false, true] {
            let schemas = reader.schemas
            let read = try await repository.readFiles(files.entries.filter { $0.isProcessor == processorsTurn }) {
                entry, content -> Result<SpecFile, Diagnostic> in
                content.map { bytes in
                    var file = SpecFile(entry.path, bytes, as: entry.place)
                    if processorsTurn { file.checkSchemas { schemas[$0] } }
                    return file
                }
            }
            for result in read {
                switch result {
                case .success(let file): reader.add(file)
                case .failure(let finding): reader.diagnostics.append(finding)
                }
            }
        }
        reader.finish()
        self.commit = commit
        processors = reader.processors.sorted { $0.ref < $1.ref }
        supports = reader.supports.sorted { $0.path < $1.path }
        environments = reader.environments
        lanes = reader.lanes.sorted { $0.name < $1.name }
        diagnostics = reader.diagnostics.sorted()
        sources = reader.sources
        processorFiles = reader.processorFiles
    }

    /// The environment of this name; `local` is there even where no file describes it.
    package func environment(named name: String) -> EnvironmentSpec? {
        environments.first { $0.name == name } ?? (name == "local" ? .standardLocal : nil)
    }
}
