import DeploymentModel
import JSON
import YAML

/// What callers rely on: secrets, API, inputs, outputs, predicates, smoke test.
extension ProcessorSpecReader {
    /// A plain list means required.
    mutating func secrets(_ root: inout Fields) -> SecretNames {
        guard let node = root.take("secrets"), node.value != .null else { return SecretNames() }
        if node.sequence != nil { return SecretNames(required: secretNames("secrets", &root)) }
        guard var secrets = Fields(node, path: "secrets", &findings) else { return SecretNames() }
        let required = secretNames("required", &secrets)
        let optional = secretNames("optional", &secrets)
        secrets.reportUnknown(&findings)
        return SecretNames(required: required, optional: optional)
    }

    mutating func secretNames(_ list: String, _ fields: inout Fields) -> [String] {
        var names: [String] = []
        for (text, node) in fields.strings(list, &findings) {
            if !Self.isVariableName(text) {
                findings.add(
                    .error, "a secret's name is that of an environment variable: letters, digits and '_'", at: node)
            } else if names.contains(text) {
                findings.add(.warning, "'\(text)' is listed twice", at: node, fix: "remove one of the two")
            } else {
                names.append(text)
            }
        }
        return names
    }

    private static func isVariableName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (65...90).contains($0) || (97...122).contains($0) || (48...57).contains($0) || $0 == 95
        }
    }

    mutating func api(_ root: inout Fields, port: Int?) -> ProcessorAPI {
        guard var api = root.fields("api", &findings) else { return ProcessorAPI(port: port ?? 8000) }
        var transport = ProcessorAPI.Transport.ws
        if let (text, node) = api.string("protocol", &findings) {
            if let known = ProcessorAPI.Transport(rawValue: text) {
                transport = known
            } else {
                findings.add(.error, "'api.protocol' is '\(text)', it should be ws or http", at: node)
            }
        }
        let path = path("path", &api) ?? "/run"
        let healthPath = self.path("healthz", &api) ?? "/healthz"
        var dialect = ProcessorAPI.Dialect.run
        if let (text, node) = api.string("dialect", &findings) {
            switch text {
            case "request": dialect = .request
            case "standard": break
            default: findings.add(.error, "'api.dialect' is '\(text)', it should be request or left out", at: node)
            }
        }
        api.reportUnknown(&findings)
        return ProcessorAPI(
            transport: transport, dialect: dialect, runPath: path, healthPath: healthPath, port: port ?? 8000)
    }

    private mutating func path(_ name: String, _ api: inout Fields) -> String? {
        guard let (text, node) = api.string(name, &findings) else { return nil }
        if !text.hasPrefix("/") { findings.add(.error, "'api.\(name)' should start with '/'", at: node) }
        return text
    }

    /// Older files wrap the schema in `inputs.schema`.
    mutating func inputs(_ root: inout Fields) -> JSONValue? {
        guard let node = root.take("inputs"), node.value != .null else { return nil }
        guard let pairs = node.mapping else {
            findings.add(.error, "'inputs' is \(node.kind), it should be a JSON Schema", at: node)
            return nil
        }
        let keywords: Set = ["type", "properties", "$schema", "required", "$ref", "oneOf", "anyOf", "allOf", "$defs"]
        let isSchema = pairs.contains { keywords.contains($0.key.scalar?.text ?? "") }
        let wrapped = pairs.first { $0.key.scalar?.text == "schema" }?.value
        let schema = !isSchema && wrapped?.mapping != nil ? wrapped ?? node : node
        var check = SchemaCheck(node: schema, field: "inputs")
        for example in schema.mapping?.first(where: { $0.key.scalar?.text == "examples" })?.value.sequence ?? [] {
            check.instances.append(("inputs.examples", example))
        }
        let smoke = root.take("smoke")?.mapping?.first { $0.key.scalar?.text == "inputs" }
        if let smoke { check.instances.append(("smoke.inputs", smoke.value)) }
        schemas.append(check)
        return check.json
    }

    mutating func outputs(_ root: inout Fields) -> OutputsSpec {
        guard let node = root.take("outputs"), node.value != .null else { return .files([]) }
        if let items = node.sequence { return .files(items.compactMap { output($0) }) }
        guard let pairs = node.mapping else {
            findings.add(.error, "'outputs' is \(node.kind), it should be a list of {path, mime}", at: node)
            return .files([])
        }
        guard pairs.contains(where: { $0.key.scalar?.text == "writes" }) else {
            let check = SchemaCheck(node: node, field: "outputs")
            schemas.append(check)
            return .schema(check.json ?? .null)
        }
        guard var fields = Fields(node, path: "outputs", &findings) else { return .files([]) }
        var prefixes: [String] = []
        for item in fields.sequence("writes", &findings) ?? [] {
            guard var write = Fields(item, path: "outputs.writes[]", &findings) else { continue }
            if let (text, node) = write.string("prefix", &findings) {
                checkWorldPath(text, node)
                prefixes.append(text)
            }
            write.reportUnknown(&findings)
        }
        fields.reportUnknown(&findings)
        return .prefixes(prefixes)
    }

    private mutating func output(_ item: YAMLNode) -> DeclaredOutput? {
        guard var output = Fields(item, path: "outputs[]", &findings) else { return nil }
        let path = output.string("path", &findings)
        let mime = output.string("mime", &findings)?.text
        if let schema = output.string("schema_ref", &findings) { refer(to: schema.text, .schema, schema.node) }
        output.reportUnknown(&findings)
        guard let path else {
            findings.add(.error, "an output has no 'path'", at: item)
            return nil
        }
        checkWorldPath(path.text.hasPrefix("/") ? path.text : "/artifacts/x/" + path.text, path.node)
        if path.text.hasPrefix("/") {
            findings.add(
                .warning, "an output's path is relative to the write prefix of its run", at: path.node,
                fix: "take the '/' off the start")
        }
        return DeclaredOutput(path: path.text, mime: mime)
    }

    private mutating func checkWorldPath(_ text: String, _ node: YAMLNode) {
        do throws(Failure) {
            _ = try WorldPath(text)
        } catch { findings.add(.error, error.code, error.message, at: node) }
    }

    mutating func smoke(_ root: inout Fields) -> SmokeSpec {
        var spec = SmokeSpec()
        guard var smoke = root.fields("smoke", &findings) else { return spec }
        spec.inputs = smoke.take("inputs")?.json
        if let expect = smoke.take("expect") {
            let check = SchemaCheck(node: expect, field: "smoke.expect")
            schemas.append(check)
            spec.expect = check.json
        }
        spec.startupSeconds = smoke.integer("startup_s", in: 1...3600, &findings) ?? 15
        smoke.reportUnknown(&findings)
        return spec
    }
}
