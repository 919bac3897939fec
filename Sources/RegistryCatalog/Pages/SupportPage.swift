import DeploymentModel
import JSON

/// A tool, schema, policy or prompt for people, and who names it.
struct SupportPage {
    private let spec: SupportSpec
    private let registry: PagedRegistry

    init(_ spec: SupportSpec, _ registry: PagedRegistry) {
        self.spec = spec
        self.registry = registry
    }

    var text: String {
        var parts = ["# \(Markdown.text(spec.id.description))"]
        if let title = spec.title { parts.append(Markdown.text(title)) }
        if let description = spec.json["description"]?.stringValue { parts.append(Markdown.paragraphs(description)) }
        parts.append(PageSection.facts([("Kind", spec.kind.noun), ("Spec", Markdown.code(spec.path))] + facts))
        switch spec.kind {
        case .tool: parts += tool
        case .schema: parts += schema
        case .policy: parts += ["## Rules", Markdown.table(["Rule", "Value"], rules(spec.json, name: ""))]
        case .prompt: parts += prompt
        }
        let users = registry.users(of: spec).map { Markdown.link($0.name, "../" + $0.path) }
        if !users.isEmpty { parts += ["## Named by", users.joined(separator: ", ")] }
        return parts.joined(separator: "\n\n")
    }

    private var facts: [(String, String)] {
        var facts: [(String, String)] = []
        if let adapter = spec.json["adapter"]?.stringValue { facts.append(("Adapter", Markdown.code(adapter))) }
        if let entry = spec.json["entry_point"]?.stringValue { facts.append(("Entry point", Markdown.code(entry))) }
        if let seconds = spec.json["timeout_s"]?.intValue { facts.append(("Longest run", "\(seconds) s")) }
        if let prompt = spec.json["prompt"]?.stringValue { facts.append(("Prompt", registry.link(.prompt, prompt))) }
        for (name, value) in sorted(spec.json["model"]) {
            facts.append(("Model: \(Markdown.text(name))", Markdown.code(value.stringValue ?? value.compact)))
        }
        return facts
    }

    private var tool: [String] {
        var parts: [String] = []
        for (list, title) in [("inputs", "Inputs"), ("outputs", "Outputs")] {
            let rows = (spec.json[list]?.arrayValue ?? []).map { item in
                parameter(item["name"]?.stringValue ?? "", item)
            }
            if !rows.isEmpty { parts += ["## \(title)", Self.parameters(rows)] }
        }
        let secrets = names(spec.json["secrets"]?["required"] ?? spec.json["secrets"])
        let optional = names(spec.json["secrets"]?["optional"])
        if !secrets.isEmpty || !optional.isEmpty {
            parts += ["## Secrets", PageSection.secrets(SecretNames(required: secrets, optional: optional))]
        }
        return parts + PageSection.predicates(predicates, registry)
    }

    private var predicates: PredicatesSpec {
        func list(_ phase: String) -> [PredicateSpec] {
            (spec.json["predicates"]?[phase]?.arrayValue ?? []).compactMap { item in
                guard let text = item["id"]?.stringValue, let id = try? SpecID(text) else { return nil }
                return PredicateSpec(id: id, arguments: item["args"]?.objectValue ?? [:])
            }
        }
        return PredicatesSpec(admission: list("admission"), success: list("success"))
    }

    private var schema: [String] {
        let schema = spec.json["schema"] ?? true
        return [
            "## Fields", SchemaTable(schema) { registry.link(.schema, $0) }.text, "## Schema",
            Markdown.block(schema.pretty, language: "json"),
        ]
    }

    private var prompt: [String] {
        var parts: [String] = []
        let rows = sorted(spec.json["variables"]).map { parameter($0.key, $0.value) }
        if !rows.isEmpty { parts += ["## Variables", Self.parameters(rows)] }
        parts.append("## Template")
        if let text = spec.json["template"]?.stringValue { parts.append(Markdown.block(text, language: "text")) }
        for message in spec.json["template"]?.arrayValue ?? [] {
            parts.append("\(Markdown.text((message["role"]?.stringValue ?? "").capitalised)):")
            parts.append(Markdown.block(message["content"]?.stringValue ?? "", language: "text"))
        }
        return parts
    }

    private static func parameters(_ rows: [[String]]) -> String {
        Markdown.table(["Name", "Type", "Required", "Default", "Description"], rows)
    }

    private func parameter(_ name: String, _ item: JSONValue) -> [String] {
        [
            Markdown.code(name), Markdown.text(item["type"]?.stringValue ?? "any"),
            item["required"] == true ? "yes" : "", item["default"].map { Markdown.code($0.compact) } ?? "",
            Markdown.text(item["description"]?.stringValue ?? ""),
        ]
    }

    /// The values of a policy by their dotted names.
    private func rules(_ value: JSONValue, name: String) -> [[String]] {
        sorted(value).flatMap { key, value -> [[String]] in
            if name.isEmpty, ["id", "name", "description"].contains(key) { return [] }
            let full = name.isEmpty ? key : "\(name).\(key)"
            if value.objectValue != nil { return rules(value, name: full) }
            return [[Markdown.code(full), Markdown.code(value.stringValue ?? value.compact)]]
        }
    }

    private func names(_ value: JSONValue?) -> [String] { (value?.arrayValue ?? []).compactMap(\.stringValue) }

    private func sorted(_ value: JSONValue?) -> [(key: String, value: JSONValue)] {
        (value?.objectValue ?? [:]).sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
    }
}
