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
            guard isEnvironments || place != nil else { continue }
            guard entry.mode == .file || entry.mode == .executable else {
                reader.refuse(entry)
                continue
            }
            reader.read(entry.path, try await repository.blob(entry.id), as: place)
        }
        reader.checkCollisions()
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

/// Collects a catalog file by file.
struct CatalogReader {
    var processors: [ProcessorSpec] = []
    var supports: [SupportSpec] = []
    var environments: [EnvironmentSpec] = []
    var diagnostics: [Diagnostic] = []
    var sources: [String: [UInt8]] = [:]
    var processorFiles = 0

    mutating func refuse(_ entry: TreeEntry) {
        diagnostics.append(
            Diagnostic(
                .error, .spec,
                "this is a \(entry.mode == .symlink ? "symbolic link" : "submodule"), it is not followed",
                file: entry.path, fix: "commit the spec itself"))
    }

    mutating func read(_ path: String, _ source: [UInt8], as place: SpecPath?) {
        var findings = Findings(file: path)
        defer {
            diagnostics += findings.diagnostics
            if !findings.diagnostics.isEmpty { sources[path] = source }
        }
        if case .processor = place { processorFiles += 1 }
        let root: YAMLNode
        do throws(YAMLError) {
            guard let node = try YAMLDocument(source).root else {
                findings.add(.error, "the file is empty")
                return
            }
            root = node
        } catch {
            findings.add(error)
            return
        }
        switch place {
        case .processor(let slug, let version):
            var reader = ProcessorSpecReader(file: path)
            let spec = reader.read(root)
            if let spec { Self.check(spec, slug: slug, version: version, root, &reader.findings) }
            findings = reader.findings
            if let spec, !findings.hasErrors { processors.append(spec) }
        case .support(let kind):
            if let spec = Self.support(kind, root, &findings) { supports.append(spec) }
        case nil:
            environments = EnvironmentSpec.read(root, &findings)
        }
    }

    private static func check(
        _ spec: ProcessorSpec, slug: String, version: Int?, _ root: YAMLNode, _ findings: inout Findings
    ) {
        let node = root.mapping?.first { $0.key.scalar?.text == "ref" }?.value
        if spec.ref.slug != slug {
            findings.add(
                .error, "'ref' says \(spec.ref), but the path says \(slug)", at: node,
                fix: "move the file, or write the ref that belongs to its path")
        } else if let version, version != spec.ref.version {
            findings.add(.error, "'ref' says version \(spec.ref.version), but the path says \(version)", at: node)
        }
    }

    private static func support(
        _ kind: SupportSpec.Kind, _ root: YAMLNode, _ findings: inout Findings
    ) -> SupportSpec? {
        guard var fields = Fields(root, path: "", &findings) else { return nil }
        guard let (text, node) = fields.string("id", &findings) else {
            findings.add(.error, "'id' is missing", fix: "add the line 'id: name@1' at the top")
            return nil
        }
        do throws(GrammarError) {
            let id = try SpecID(text)
            guard let json = root.json else {
                findings.add(.error, .yaml, "the file holds a value that JSON cannot hold", at: root)
                return nil
            }
            return findings.hasErrors ? nil : SupportSpec(kind: kind, id: id, path: findings.file, json: json)
        } catch {
            findings.add(.error, error.description, at: node)
            return nil
        }
    }

    /// Two refs that map to one function, app or repository would overwrite each other.
    mutating func checkCollisions() {
        var owners: [String: ProcessorSpec] = [:]
        for spec in processors.sorted(by: { $0.path < $1.path }) {
            let repository = "repository \(spec.ref.repositoryName)"
            let names = ["function \(spec.ref.functionName)", "name \(spec.ref.refSlug)", repository]
            let taken = names.first { name in
                guard let owner = owners[name] else { return false }
                // Versions of one processor share their repository.
                let isSameProcessor = owner.ref.namespace == spec.ref.namespace && owner.ref.name == spec.ref.name
                return !(name == repository && isSameProcessor)
            }
            if let taken, let owner = owners[taken] { collide(spec, with: owner, over: taken) }
            for name in names where owners[name] == nil { owners[name] = spec }
        }
        let broken = Set(diagnostics.filter { $0.code == .nameCollision }.map(\.file))
        processors.removeAll { broken.contains($0.path) }
    }

    private mutating func collide(_ spec: ProcessorSpec, with owner: ProcessorSpec, over name: String) {
        diagnostics.append(
            Diagnostic(
                .error, .nameCollision, "\(spec.ref) and \(owner.ref) in \(owner.path) share the \(name)",
                file: spec.path,
                fix: "rename one of the two, or give it another version"))
    }
}
