import DeploymentModel
import JSON
import YAML

/// Reads a processor's spec out of its YAML, in today's spelling and in the older ones.
struct ProcessorSpecReader {
    var findings: Findings
    var references: [SpecReference] = []
    /// JSON Schemas that are judged once all of the registry is known.
    var schemas: [SchemaCheck] = []
    var places: [String: SourceSpan] = [:]

    init(file: String) { findings = Findings(file: file) }

    /// `nil` when the findings hold an error that leaves nothing to work with.
    mutating func read(_ root: YAMLNode) -> ProcessorSpec? {
        guard var fields = Fields(root, path: "", &findings) else { return nil }
        let (ref, title) = name(&fields)
        let summary = fields.string("description", &findings)?.text
        fields.ignore("$schema", "$Schema", "$shema", "$scheme", "schema")
        let isEnabled = fields.bool("enabled", &findings) ?? true
        let (image, build, port) = image(&fields)
        let runtime = runtime(&fields)
        let secrets = secrets(&fields)
        let api = api(&fields, port: port)
        let inputs = inputs(&fields)
        let outputs = outputs(&fields)
        let predicates = predicates(&fields)
        let smoke = smoke(&fields)
        if let prompt = fields.string("prompt", &findings) { refer(to: prompt.text, .prompt, prompt.node) }
        for (text, node) in fields.strings("prompts", &findings) { refer(to: text, .prompt, node) }
        if let policy = fields.take("policy") {
            findings.add(
                .note, "'policy' is ignored: policies are files of their own below registry/policies", at: policy)
        }
        fields.reportUnknown(&findings)
        PastedSecrets.look(into: root, &findings)
        for pair in root.mapping ?? [] {
            if let name = pair.key.scalar?.text, places[name] == nil { places[name] = pair.key.span }
        }
        guard let json = root.json else {
            findings.add(
                .error, .yaml, "the file holds a value that JSON cannot hold (a number that is not finite)", at: root)
            return nil
        }
        guard let ref else { return nil }
        return ProcessorSpec(
            ref: ref, path: findings.file, isEnabled: isEnabled, image: image, build: build, runtime: runtime,
            secrets: secrets, api: api, references: references,
            contract: Deferred(
                ProcessorContract(inputs: inputs, outputs: outputs, predicates: predicates, smoke: smoke)),
            particulars: Deferred(SpecParticulars(title: title, summary: summary, places: places)),
            document: .value(json))
    }

    /// The ref, and the name for people. Older files have the ref in `name`, with the version in it or in `version`.
    private mutating func name(_ fields: inout Fields) -> (ProcessorRef?, title: String?) {
        let name = fields.string("name", &findings)
        let version = fields.take("version")
        if let (text, node) = fields.string("ref", &findings) {
            let ref = reference(text, node)
            if case .integer(let number) = version?.value, let ref, number != ref.version {
                findings.add(
                    .error, "'version' is \(number), but 'ref' says \(ref.version)", at: version,
                    fix: "remove 'version'; the ref has it")
            }
            return (ref, name?.text)
        }
        if let empty = fields.take("ref") {
            // Any other value that is no string has been reported already.
            if empty.value == .null {
                findings.add(.error, "'ref' is empty", at: empty, fix: "for example ref: llm/litellm@1")
            }
            return (nil, name?.text)
        }
        if let (text, node) = name, text.contains("/") {
            let number = version?.scalar.map { "@\($0.text)" } ?? "@1"
            return (reference(text.contains("@") ? text : text + number, node), nil)
        }
        findings.add(.error, "'ref' is missing", fix: "add the line 'ref: ns/name@1' at the top")
        return (nil, name?.text)
    }

    private mutating func reference(_ text: String, _ node: YAMLNode) -> ProcessorRef? {
        places["ref"] = node.span
        do throws(GrammarError) {
            return try ProcessorRef(text)
        } catch {
            findings.add(.error, error.description, at: node, fix: "for example llm/litellm@1")
            return nil
        }
    }

    /// Notes a spec that this one names.
    mutating func refer(to text: String, _ kind: SupportSpec.Kind, _ node: YAMLNode) {
        do throws(GrammarError) {
            references.append(SpecReference(kind: kind, id: try SpecID(text), span: node.span))
        } catch { findings.add(.error, error.description, at: node) }
    }
}
