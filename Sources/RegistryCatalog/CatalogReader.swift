import DeploymentModel
import Git
import JSON
import YAML

/// Collects a catalog file by file, then checks the files against each other.
struct CatalogReader {
    var processors: [ProcessorSpec] = []
    var supports: [SupportSpec] = []
    var environments: [EnvironmentSpec] = []
    var diagnostics: [Diagnostic] = []
    var sources: [String: [UInt8]] = [:]
    var processorFiles = 0
    /// What can be judged only when all files are known, by file.
    private var pending: [(file: String, source: [UInt8], schemas: [SchemaCheck])] = []

    mutating func refuse(_ entry: TreeEntry) {
        diagnostics.append(
            Diagnostic(
                .error, .spec,
                "this is a \(entry.mode == .symlink ? "symbolic link" : "submodule"), it is not followed",
                file: entry.path, fix: "commit the spec itself"))
    }

    /// A folder that stands where a spec is looked for, told once however many files it holds.
    mutating func refuse(folder: String) {
        guard diagnostics.last?.file != folder else { return }
        diagnostics.append(
            Diagnostic(
                .error, .spec, "this is a folder, and a spec is a file", file: folder,
                fix: "give the folder another name, or commit the spec itself"))
    }

    /// A file that is larger than any spec, which is not even read.
    mutating func refuse(_ entry: TreeEntry, size: Int) {
        diagnostics.append(
            Diagnostic(
                .error, .yamlBudget, "the file has \(size) bytes, \(YAMLBudget().bytes) are allowed", file: entry.path,
                fix: "make the file smaller; a spec is a page, not a data file"))
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
        if let place, let noun = SpecContent.noun(of: root), noun != place.noun {
            findings.add(
                .error, "this is a \(noun) by what it says, and a \(place.noun) by its path",
                fix: "move it below \(SpecPath.home(of: noun))")
            return
        }
        switch place {
        case .processor(let slug, let version):
            var reader = ProcessorSpecReader(file: path)
            let spec = reader.read(root)
            if let spec { Self.check(spec, slug: slug, version: version, root, &reader.findings) }
            findings = reader.findings
            pending.append((path, source, reader.schemas))
            if let spec, !findings.hasErrors { processors.append(spec) }
        case .support(let kind):
            var reader = SupportSpecReader(file: path, kind: kind)
            let spec = reader.read(root)
            findings = reader.findings
            pending.append((path, source, reader.schemas))
            if let spec { supports.append(spec) }
        case nil:
            environments = EnvironmentSpec.read(root, &findings)
        }
    }

    private static func check(
        _ spec: ProcessorSpec, slug: String, version: Int?, _ root: YAMLNode, _ findings: inout Findings
    ) {
        let node = root.mapping?.first { ["ref", "name"].contains($0.key.scalar?.text) }?.value
        if spec.ref.slug != slug {
            findings.add(
                .error, "'ref' says \(spec.ref), but the path says \(slug)", at: node,
                fix: "move the file, or write the ref that belongs to its path")
        } else if let version, version != spec.ref.version {
            findings.add(.error, "'ref' says version \(spec.ref.version), but the path says \(version)", at: node)
        }
    }

    /// Checks the files against each other. A processor with an error is left out.
    mutating func finish() {
        checkCollisions()
        checkIDs()
        let schemas = Dictionary(
            supports.filter { $0.kind == .schema }.map { ($0.id.description, $0.json["schema"] ?? true) }
        ) { first, _ in first }
        for (file, source, checks) in pending {
            var findings = Findings(file: file)
            for check in checks { check.run(&findings, schemas: schemas) }
            add(findings, source)
        }
        checkReferences()
        let broken = Set(diagnostics.filter { $0.severity == .error }.map(\.file))
        processors.removeAll { broken.contains($0.path) }
    }

    private mutating func add(_ findings: Findings, _ source: [UInt8]) {
        diagnostics += findings.diagnostics
        if !findings.diagnostics.isEmpty { sources[findings.file] = source }
    }

    /// Specs that are named have to be there.
    private mutating func checkReferences() {
        let known = Dictionary(grouping: supports, by: \.kind).mapValues { Set($0.map(\.id)) }
        let naming = processors.map { ($0.path, $0.references) } + supports.map { ($0.path, $0.references) }
        for (path, references) in naming {
            for reference in references where known[reference.kind]?.contains(reference.id) != true {
                let names = (known[reference.kind] ?? []).map(\.description)
                let near = nearest(to: reference.id.description, among: names)
                diagnostics.append(
                    Diagnostic(
                        .error, .spec, "there is no \(reference.kind.noun) \(reference.id) in the registry", file: path,
                        at: reference.span,
                        fix: near.map { "did you mean '\($0)'?" } ?? "add it below registry/\(reference.kind.rawValue)/"
                    ))
                if let source = pending.first(where: { $0.file == path })?.source { sources[path] = source }
            }
        }
    }

    /// Two files with one id would stand for each other.
    private mutating func checkIDs() {
        var owners: [String: SupportSpec] = [:]
        for spec in supports.sorted(by: { $0.path < $1.path }) {
            let name = "\(spec.kind.noun) \(spec.id)"
            guard let owner = owners[name] else {
                owners[name] = spec
                continue
            }
            diagnostics.append(
                Diagnostic(
                    .error, .nameCollision, "\(name) is in \(owner.path) already", file: spec.path,
                    fix: "give one of the two another id or version"))
        }
    }

    /// Two refs that map to one function, app or repository would overwrite each other.
    private mutating func checkCollisions() {
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
    }

    private mutating func collide(_ spec: ProcessorSpec, with owner: ProcessorSpec, over name: String) {
        diagnostics.append(
            Diagnostic(
                .error, .nameCollision, "\(spec.ref) and \(owner.ref) in \(owner.path) share the \(name)",
                file: spec.path, fix: "rename one of the two, or give it another version"))
    }
}
