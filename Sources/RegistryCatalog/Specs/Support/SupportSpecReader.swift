import DeploymentModel
import JSON
import YAML

/// Reads tools, schemas, policies and prompts out of their YAML.
struct SupportSpecReader {
    var findings: Findings
    var references: [SpecReference] = []
    /// JSON Schemas that are judged once all of the registry is known.
    var schemas: [SchemaCheck] = []
    private let kind: SupportSpec.Kind

    init(file: String, kind: SupportSpec.Kind) {
        findings = Findings(file: file)
        self.kind = kind
    }

    mutating func read(_ root: YAMLNode) -> SupportSpec? {
        guard var fields = Fields(root, path: "", &findings) else { return nil }
        let id = id(&fields)
        let title = fields.string("name", &findings)?.text
        _ = fields.string("description", &findings)
        switch kind {
        case .tool: tool(&fields)
        case .schema:
            if let schema = fields.take("schema") {
                schemas.append(SchemaCheck(node: schema, field: "schema"))
            } else {
                findings.add(.error, "'schema' is missing", fix: "add 'schema:' and below it a JSON Schema")
            }
        case .policy: policy(&fields)
        case .prompt: prompt(&fields)
        }
        fields.reportUnknown(&findings)
        PastedSecrets.look(into: root, &findings)
        guard let json = root.json else {
            findings.add(.error, .yaml, "the file holds a value that JSON cannot hold", at: root)
            return nil
        }
        guard let id, !findings.hasErrors else { return nil }
        return SupportSpec(
            kind: kind, id: id, path: findings.file, title: title, references: references, json: json)
    }

    private mutating func id(_ fields: inout Fields) -> SpecID? {
        guard let (text, node) = fields.string("id", &findings) else {
            findings.add(.error, "'id' is missing", fix: "add the line 'id: name@1' at the top")
            return nil
        }
        do throws(GrammarError) {
            return try SpecID(text)
        } catch {
            findings.add(.error, error.description, at: node, fix: "for example media.metadata@1")
            return nil
        }
    }

    private mutating func tool(_ fields: inout Fields) {
        let adapter = fields.string("adapter", &findings)
        if let (text, node) = adapter, !["local", "modal", "mock", "tool"].contains(text) {
            findings.add(.error, "'adapter' is '\(text)', it should be local, modal, mock or tool", at: node)
        }
        if let entry = fields.string("entry_point", &findings) {
            entryPoint(entry, adapter: adapter?.text)
        } else {
            findings.add(
                .error, "'entry_point' is missing",
                fix: "name what the tool runs: a file, entry_point: tools/run.py, or module.function of Modal")
        }
        for list in ["inputs", "outputs"] {
            for item in fields.sequence(list, &findings) ?? [] { parameter(item, list) }
        }
        _ = fields.integer("timeout_s", in: 1...86_400, &findings)
        if let prompt = fields.string("prompt", &findings) { refer(prompt) }
        var reader = ProcessorSpecReader(file: findings.file)
        _ = reader.predicates(&fields)
        _ = reader.secrets(&fields)
        findings.add(reader.findings)
        references += reader.references
    }

    private mutating func entryPoint(_ value: (text: String, node: YAMLNode), adapter: String?) {
        do throws(GrammarError) {
            guard case .function = try EntryPoint(value.text), adapter == "tool" else { return }
            findings.add(
                .error, "'entry_point' is '\(value.text)', and the adapter tool runs files", at: value.node,
                fix: "name a file from the repository's root: tools/run.py, or ./run.py")
        } catch { findings.add(.error, error.description, at: value.node) }
    }

    private mutating func parameter(_ item: YAMLNode, _ list: String) {
        guard var parameter = Fields(item, path: "\(list)[]", &findings) else { return }
        if parameter.string("name", &findings) == nil { findings.add(.error, "a parameter has no 'name'", at: item) }
        let types = ["string", "integer", "number", "boolean", "object", "array"]
        if let (text, node) = parameter.string("type", &findings), !types.contains(text) {
            findings.add(
                .error, "the type '\(text)' is not known", at: node,
                fix: nearest(to: text, among: types).map { "did you mean '\($0)'?" } ?? types.joined(separator: ", "))
        }
        _ = parameter.bool("required", &findings)
        parameter.ignore("default", "description", "enum")
        parameter.reportUnknown(&findings)
    }

    private mutating func policy(_ fields: inout Fields) {
        if var budget = fields.fields("budget", &findings) {
            _ = budget.integer("max_usd_micro", in: 0...Int.max, &findings)
            budget.reportUnknown(&findings)
        }
        if var retry = fields.fields("retry", &findings) {
            let attempts = retry.integer("max_attempts", in: 1...100, &findings)
            let pauses = retry.sequence("backoff_ms", &findings)
            for pause in pauses ?? [] {
                if case .integer(let value) = pause.value, value >= 0 { continue }
                findings.add(.error, "a pause of 'retry.backoff_ms' should be whole milliseconds", at: pause)
            }
            if let attempts, let pauses, pauses.count > attempts {
                findings.add(
                    .warning, "'retry' has more pauses than attempts", at: retry.take("backoff_ms"),
                    fix: "the pauses past the last attempt are never taken")
            }
            retry.reportUnknown(&findings)
        }
        if var leases = fields.fields("leases", &findings) {
            _ = leases.integer("default_ttl_s", in: 1...604_800, &findings)
            _ = leases.bool("enable_path_leases", &findings)
            leases.reportUnknown(&findings)
        }
        if let (text, node) = fields.string("immutable", &findings), !["all", "contract"].contains(text) {
            findings.add(.error, "'immutable' is '\(text)', it should be all or contract", at: node)
        }
    }

    mutating func refer(_ value: (text: String, node: YAMLNode)) {
        do throws(GrammarError) {
            references.append(SpecReference(kind: .prompt, id: try SpecID(value.text), span: value.node.span))
        } catch { findings.add(.error, error.description, at: value.node) }
    }
}
