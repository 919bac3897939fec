import DeploymentModel
import YAML

extension SupportSpecReader {
    /// A prompt: a template (a text, or messages with roles), typed variables, defaults for the model. `{{name}}` in the
    /// template stands for a variable.
    mutating func prompt(_ fields: inout Fields) {
        var declared: [String: YAMLNode] = [:]
        if var variables = fields.fields("variables", &findings) {
            for (name, pair) in variables.all() {
                declared[name] = pair.key
                guard var variable = Fields(pair.value, path: variables.qualified(name), &findings) else { continue }
                let types = ["string", "integer", "number", "boolean", "object", "array"]
                if let (text, node) = variable.string("type", &findings), !types.contains(text) {
                    findings.add(
                        .error, "the type '\(text)' is not known", at: node,
                        fix: nearest(to: text, among: types).map { "did you mean '\($0)'?" })
                }
                _ = variable.bool("required", &findings)
                variable.ignore("default", "description", "enum", "minimum", "maximum", "min_length", "max_length")
                variable.reportUnknown(&findings)
            }
        }
        var used: Set<String> = []
        guard let template = fields.take("template") else {
            findings.add(
                .error, "'template' is missing", fix: "add 'template:' with a text, or a list of {role, content}")
            return
        }
        if let text = template.scalar?.text {
            look(for: text, template, declared, &used)
        } else {
            for message in fields.sequence("template", &findings) ?? [] { self.message(message, declared, &used) }
        }
        for (name, node) in declared.sorted(by: { $0.value.span.start.offset < $1.value.span.start.offset })
        where !used.contains(name) {
            findings.add(
                .warning, "the variable '\(name)' is never used", at: node, fix: "write {{\(name)}} or remove it")
        }
        if var model = fields.fields("model", &findings) {
            _ = model.string("default", &findings)
            _ = model.number("temperature", &findings)
            _ = model.integer("max_tokens", in: 1...10_000_000, &findings)
            model.ignore("top_p", "stop", "seed")
            model.reportUnknown(&findings)
        }
    }

    private mutating func message(_ node: YAMLNode, _ declared: [String: YAMLNode], _ used: inout Set<String>) {
        guard var message = Fields(node, path: "template[]", &findings) else { return }
        if let (text, role) = message.string("role", &findings) {
            if !["system", "user", "assistant"].contains(text) {
                findings.add(
                    .error, "the role '\(text)' is not known", at: role, fix: "write system, user or assistant")
            }
        } else {
            findings.add(.error, "a message has no 'role'", at: node)
        }
        if let (text, content) = message.string("content", &findings) {
            look(for: text, content, declared, &used)
        } else {
            findings.add(.error, "a message has no 'content'", at: node)
        }
        message.reportUnknown(&findings)
    }

    private mutating func look(
        for text: String, _ node: YAMLNode, _ declared: [String: YAMLNode], _ used: inout Set<String>
    ) {
        for match in text.matches(of: #/\{\{\s*([^{}]*?)\s*\}\}/#) {
            let name = String(match.1)
            used.insert(name)
            guard declared[name] == nil else { continue }
            findings.add(
                .error, "the template uses '{{\(name)}}', which is no variable of the prompt", at: node,
                fix: nearest(to: name, among: declared.keys).map { "did you mean '{{\($0)}}'?" }
                    ?? "declare it under 'variables'")
        }
    }
}
