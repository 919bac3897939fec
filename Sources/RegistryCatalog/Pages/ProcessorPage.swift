import DeploymentModel
import JSON

/// All that a processor's users want to know of it.
struct ProcessorPage {
    private let spec: ProcessorSpec
    private let registry: PagedRegistry

    init(_ spec: ProcessorSpec, _ registry: PagedRegistry) {
        self.spec = spec
        self.registry = registry
    }

    var text: String {
        var parts = ["# \(Markdown.text(spec.ref.description))"]
        if let title = spec.title { parts.append(Markdown.text(title)) }
        if let summary = spec.summary { parts.append(Markdown.paragraphs(summary)) }
        if !spec.isEnabled { parts.append("It is disabled: no plan includes it.") }
        parts.append(PageSection.facts(names))
        parts.append("## Inputs")
        parts.append(spec.inputs.map { schemaTable($0) } ?? "It declares none.")
        parts.append("## Outputs")
        parts.append(outputs)
        parts.append("## API")
        parts.append(PageSection.facts(api))
        parts += smoke
        parts.append("## Image")
        parts.append(PageSection.facts(source))
        parts.append(Markdown.table(["Platform", "Pin"], pins))
        parts.append("## Runtime")
        parts.append(PageSection.facts(runtime))
        parts.append("## Secrets")
        parts.append(PageSection.secrets(spec.secrets))
        parts += PageSection.predicates(spec.predicates, registry)
        parts.append("## Deployed")
        parts.append(deployed)
        return parts.joined(separator: "\n\n")
    }

    private var names: [(String, String)] {
        [
            ("Ref", Markdown.code(spec.ref.description)), ("Function", Markdown.code(spec.ref.functionName)),
            ("Repository", Markdown.code(spec.image.repository?.repository ?? spec.ref.repositoryName)),
            ("Spec", Markdown.code(spec.path)),
        ] + prompts
    }

    private var prompts: [(String, String)] {
        let ids = spec.references.filter { $0.kind == .prompt }.map(\.id)
        guard !ids.isEmpty else { return [] }
        return [("Prompts", ids.map { registry.link(.prompt, $0.description) }.joined(separator: ", "))]
    }

    private var outputs: String {
        switch spec.outputs {
        case .files([]): return "It declares none."
        case .files(let files):
            let schemas = Dictionary(
                (spec.json["outputs"]?.arrayValue ?? []).compactMap { output in
                    output["path"]?.stringValue.map { ($0, output["schema_ref"]?.stringValue) }
                }
            ) { first, _ in first }
            return Markdown.table(
                ["Path", "Type", "Schema"],
                files.map { file in
                    let schema = (schemas[file.path] ?? nil).map { registry.link(.schema, $0) }
                    return [Markdown.code(file.path), Markdown.code(file.mime ?? ""), schema ?? ""]
                })
        case .prefixes(let prefixes):
            return "Files below " + prefixes.map(Markdown.code).joined(separator: ", ") + "."
        case .schema(let schema): return schemaTable(schema)
        }
    }

    private func schemaTable(_ schema: JSONValue) -> String {
        SchemaTable(schema) { registry.link(.schema, $0) }.text
    }

    private var api: [(String, String)] {
        let transport = spec.api.transport == .ws ? "`ws`, subprotocol `theory.run.v1`" : "`http`"
        return [
            ("Protocol", transport), ("Run", Markdown.code(spec.api.runPath)),
            ("Health", Markdown.code(spec.api.healthPath)), ("Port", String(spec.api.port)),
        ]
    }

    private var smoke: [String] {
        [
            "## Smoke test",
            "A run with `mode: mock` and these inputs, at most \(spec.smoke.startupSeconds) s after its container started:",
            Markdown.block(spec.smokeInputs.pretty, language: "json"),
        ]
    }

    private var source: [(String, String)] {
        var facts: [(String, String)] = []
        if let track = spec.image.track { facts.append(("Follows", Markdown.code(track.description))) }
        if let build = spec.build {
            facts.append(("Context", Markdown.code(build.context)))
            facts.append(("Dockerfile", Markdown.code(build.dockerfile)))
            let args = build.args.sorted { $0.key < $1.key }.map { Markdown.code("\($0.key)=\($0.value)") }
            if !args.isEmpty { facts.append(("Arguments", args.joined(separator: ", "))) }
            if let target = build.target { facts.append(("Target", Markdown.code(target))) }
        }
        if let platform = spec.image.defaultPlatform { facts.append(("Default platform", platform.oci)) }
        return facts.isEmpty ? [("Source", "its pins alone")] : facts
    }

    private var pins: [[String]] {
        let pins = spec.image.pins
        return Platform.allCases.map { [$0.oci, pins[$0].map { Markdown.code($0.description) } ?? "not pinned"] }
    }

    private var runtime: [(String, String)] {
        [
            ("CPUs", PageSection.number(spec.runtime.cpu)), ("Memory", PageSection.size(spec.runtime.memoryBytes)),
            ("Longest run", "\(spec.runtime.timeoutSeconds) s"),
            ("GPU", spec.runtime.gpu.map(Markdown.text) ?? "none"),
        ]
    }

    private var deployed: String {
        guard let deployments = registry.deployments[spec.ref] else { return "Nowhere, as far as records say." }
        return Markdown.table(
            ["Environment", "Platform", "Digest", "Commit"],
            deployments.map {
                [
                    Markdown.text($0.environment), $0.platform.oci, Markdown.code($0.digest),
                    Markdown.code(String($0.commit.prefix(12))),
                ]
            })
    }
}
