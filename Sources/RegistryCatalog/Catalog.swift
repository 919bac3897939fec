package import ContentCache
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
    /// - Parameter cache: spares reading what an earlier run has read. A commit that lies in git alone is for it.
    /// - Throws: `GitError` when git cannot be read. What is wrong with the files is in `diagnostics`.
    package init(
        of commit: Commit, in repository: GitRepository, cache: CacheFolder? = nil
    ) async throws(GitError) {
        let earlier = cache.flatMap { KnownSpecs(of: repository, in: $0) }
        let known = await earlier?.carried(to: commit.id, in: repository)
        let files = try await RegistryFiles(of: commit.id, in: repository, known)
        var reader = CatalogReader()
        reader.diagnostics = files.diagnostics
        reader.processorFiles = files.entries.count { $0.isProcessor }
        // The schemas of the registry come first, so that no processor's file has to be kept until they are known.
        let others = try await repository.readFiles(files.entries.filter { !$0.isProcessor }) {
            entry, content -> Result<SpecFile, Diagnostic> in
            content.map { bytes in SpecFile(entry.path, bytes, as: entry.place) }
        }
        for result in others { reader.add(result) }
        let schemas = reader.schemas
        var specs = known?.specs ?? [:]
        let unknown = files.entries.filter { $0.isProcessor && specs[$0.path] == nil }
        let isWorthKeeping = known == nil || unknown.count > CacheFolder.fewReadAgain
        let read = try await repository.readFiles(unknown) { entry, content -> Result<SpecFile, Diagnostic> in
            content.map { bytes in
                var file = SpecFile(entry.path, bytes, as: entry.place)
                file.checkSchemas { schemas[$0] }
                return file
            }
        }
        var fresh = read.makeIterator()
        for entry in files.entries where entry.isProcessor {
            if let file = specs[entry.path] {
                reader.add(file)
            } else if let result = fresh.next() {
                reader.add(result)
                if case .success(let file) = result { specs[entry.path] = file }
            }
        }
        if let cache, isWorthKeeping, files.diagnostics.isEmpty {
            KnownSpecs(commit.id, files, specs).store(of: repository, in: cache)
        }
        reader.finish()
        self.commit = commit
        processors = reader.processors.sorted { $0.ref < $1.ref }
        supports = reader.supports.sorted { $0.path < $1.path }
        environments = reader.environments
        lanes = reader.lanes.sorted { $0.name < $1.name }
        diagnostics = reader.diagnostics.sorted()
        sources = try await reader.sources(files, in: repository)
        processorFiles = reader.processorFiles
    }

    /// The environment of this name; `local` is there even where no file describes it.
    package func environment(named name: String) -> EnvironmentSpec? {
        environments.first { $0.name == name } ?? (name == "local" ? .standardLocal : nil)
    }
}
