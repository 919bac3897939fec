import DeploymentModel
import Git
import JSON

/// Collects a catalog file by file, then checks the files against each other.
struct CatalogReader {
    var processors: [ProcessorSpec] = []
    var supports: [SupportSpec] = []
    var environments: [EnvironmentSpec] = []
    var lanes: [LaneSpec] = []
    var diagnostics: [Diagnostic] = []
    /// The text of each file that a diagnostic names and that was read here.
    private(set) var sources: [String: [UInt8]] = [:]
    /// The files that a diagnostic names and that an earlier run read.
    private var withoutSource: Set<String> = []
    var processorFiles = 0
    /// All files that could be read, until they are checked against each other.
    private var files: [SpecFile] = []

    mutating func read(_ path: String, _ source: [UInt8], as place: SpecPath?) {
        if case .processor = place { processorFiles += 1 }
        add(SpecFile(path, source, as: place))
    }

    /// Takes a file in whose schemas are judged here, unless they have been already.
    mutating func add(_ file: SpecFile) {
        switch file.content {
        case .processor(let spec): processors.append(spec)
        case .support(let spec): supports.append(spec)
        case .environments(let all): environments = all
        case .lane(let lane): lanes.append(lane)
        case nil: break
        }
        files.append(file)
    }

    mutating func add(_ result: Result<SpecFile, Diagnostic>) {
        switch result {
        case .success(let file): add(file)
        case .failure(let finding): diagnostics.append(finding)
        }
    }

    /// The schemas of the registry by id, as far as they have been read.
    var schemas: [String: JSONValue] {
        Dictionary(supports.filter { $0.kind == .schema }.map { ($0.id.description, $0.json["schema"] ?? true) }) {
            first, _ in first
        }
    }

    /// Checks the files against each other. A processor with an error is left out.
    mutating func finish() {
        let schemas = schemas
        for index in files.indices { files[index].checkSchemas { schemas[$0] } }
        let facts =
            processors.map { CrossChecks.Facts($0) } + supports.map { CrossChecks.Facts($0) }
            + lanes.map { CrossChecks.Facts(path: $0.path, lane: CrossChecks.Lane($0)) }
            + [CrossChecks.Facts(path: EnvironmentSpec.file, environments: environments.map { CrossChecks.Place($0) })]
        diagnostics += files.flatMap(\.findings.diagnostics) + CrossChecks(facts).diagnostics
        let broken = Set(diagnostics.filter { $0.severity == .error }.map(\.file))
        processors.removeAll { broken.contains($0.path) }
        lanes.removeAll { broken.contains($0.path) }
        let named = Set(diagnostics.map(\.file))
        for file in files where named.contains(file.path) {
            sources[file.path] = file.source
            if file.source == nil { withoutSource.insert(file.path) }
        }
        files = []
    }

    /// The text of each file that a diagnostic names.
    func sources(_ files: RegistryFiles, in repository: GitRepository) async throws(GitError) -> [String: [UInt8]] {
        var sources = sources
        let entries = files.entries.filter { withoutSource.contains($0.path) }
        for (entry, text) in zip(entries, try await repository.blobs(entries.map(\.id)[...], budget: .max)) {
            sources[entry.path] = text
        }
        return sources
    }
}

extension CrossChecks.Facts {
    init(_ spec: ProcessorSpec) {
        self.init(path: spec.path, ref: spec.ref, support: nil, references: spec.references)
    }

    init(_ spec: SupportSpec) {
        self.init(
            path: spec.path, ref: nil, support: CrossChecks.Support(kind: spec.kind, id: spec.id),
            references: spec.references)
    }
}
