import DeploymentModel
import JSON
import YAML

/// One file of the registry, read and judged by itself: nothing here depends on anything but its path and its bytes.
struct SpecFile: Sendable {
    enum Content: Sendable {
        case processor(ProcessorSpec)
        case support(SupportSpec)
        case environments([EnvironmentSpec])
        case lane(LaneSpec)
    }

    let path: String
    /// `nil` for one that an earlier run read.
    let source: [UInt8]?
    /// `nil` when there is nothing to work with.
    private(set) var content: Content?
    private(set) var findings: Findings
    /// What can be judged only once the registry's schemas are known.
    private var schemas: [SchemaCheck] = []

    /// - Parameter place: what the path says; `nil` for the environments.
    init(_ path: String, _ source: [UInt8], as place: SpecPath?) {
        self.path = path
        self.source = source
        findings = Findings(file: path)
        do throws(YAMLError) {
            guard let root = try YAMLDocument(source).root else {
                findings.add(.error, "the file is empty")
                return
            }
            read(root, as: place)
        } catch { findings.add(error, in: source) }
    }

    /// A processor's file as an earlier run read and judged it.
    init(known path: String, _ spec: ProcessorSpec?, _ diagnostics: [Diagnostic]) {
        self.path = path
        source = nil
        content = spec.map { .processor($0) }
        findings = Findings(file: path, diagnostics)
    }

    private mutating func read(_ root: YAMLNode, as place: SpecPath?) {
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
            schemas = reader.schemas
            if let spec, !findings.hasErrors { content = .processor(spec) }
        case .support(let kind):
            var reader = SupportSpecReader(file: path, kind: kind)
            content = reader.read(root).map { .support($0) }
            findings = reader.findings
            schemas = reader.schemas
        case .lane(let name): content = LaneSpec.read(root, named: name, &findings).map { .lane($0) }
        case nil:
            content = .environments(EnvironmentSpec.read(root, &findings))
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

    /// Judges the JSON Schemas of the file, once: it lets go of what they were read from.
    ///
    /// - Parameter known: the schema of the registry that has this id.
    mutating func checkSchemas(_ known: @escaping (String) -> JSONValue?) {
        for check in schemas { check.run(&findings, known) }
        schemas = []
    }
}
