import DeploymentModel
import JSON
import YAML

/// Judges the JSON Schemas that specs hold, once all schemas of the registry are known.
struct SchemaCheck: Sendable {
    let node: YAMLNode
    /// The same as JSON, `nil` where JSON cannot say it.
    let json: JSONValue?
    /// The field that holds it, for messages.
    let field: String
    /// Values that have to fit it, with the field that holds each.
    var instances: [(field: String, node: YAMLNode)] = []

    init(node: YAMLNode, field: String) {
        self.node = node
        json = node.json
        self.field = field
    }

    /// Everything that keeps the schema from being one, at its place in the file.
    ///
    /// - Parameter known: the schema of the registry that has this id.
    func run(_ findings: inout Findings, _ known: @escaping (String) -> JSONValue?) {
        guard let json else { return }
        let violations = JSONSchema.check(schema: json, baseURI: SchemaReference.baseOfSpecs) {
            SchemaReference.id(in: $0).flatMap(known)
        }
        for violation in violations {
            let place = node.node(at: violation.instance.tokens)
            findings.add(.error, "'\(field)' is no JSON Schema: \(violation.message)", at: place)
        }
        // Most examples fit, and most schemas are of a kind that shows it without being compiled.
        let doubtful = instances.filter { !($0.node.json.map { JSONSchema.plainly(json, allows: $0) } ?? true) }
        guard violations.isEmpty, !doubtful.isEmpty,
            let schema = try? JSONSchema(
                json, baseURI: SchemaReference.baseOfSpecs, resources: { SchemaReference.id(in: $0).flatMap(known) })
        else { return }
        for (name, instance) in doubtful {
            guard let value = instance.json else { continue }
            for violation in schema.validate(value) {
                findings.add(
                    .error, .inputs, "'\(name)' does not fit '\(field)': \(violation.message)",
                    at: instance.node(at: violation.instance.tokens))
            }
        }
    }
}

extension YAMLNode {
    /// The node that a JSON pointer's tokens lead to, or the last one on the way that exists.
    func node(at tokens: some Collection<String>) -> YAMLNode {
        guard let token = tokens.first else { return self }
        let rest = tokens.dropFirst()
        switch content {
        case .scalar: return self
        case .sequence(let items):
            guard let index = Int(token), items.indices.contains(index) else { return self }
            return items[index].node(at: rest)
        case .mapping(let pairs):
            guard let pair = pairs.first(where: { $0.key.scalar?.text == token }) else { return self }
            return pair.value.node(at: rest)
        }
    }
}
