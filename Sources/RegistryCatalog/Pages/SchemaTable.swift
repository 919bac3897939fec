import JSON

/// A JSON Schema as rows of a table: every value that it names, nested ones by dotted names.
///
/// Follows `$ref` inside the document; a name that leads back to itself is given once and not opened again. What a
/// table cannot say (conditions, patterns of names) stays in the schema itself.
struct SchemaTable {
    private(set) var rows: [[String]] = []
    private let root: JSONValue
    private let link: (String) -> String
    private var names: Set<String> = []
    /// How many schemas are still opened: definitions that name each other in many ways would never end.
    private var budget = 2000

    /// - Parameter link: makes a reference to a schema of the registry a link.
    init(_ schema: JSONValue, link: @escaping (String) -> String) {
        root = schema
        self.link = link
        add(schema, name: "", path: [])
    }

    /// The table; a sentence where the schema names no value.
    var text: String {
        guard !rows.isEmpty else { return "Anything that its JSON Schema allows; it names no field." }
        let table = Markdown.table(["Name", "Type", "Required", "Default", "Description"], rows)
        let limits = limits(of: resolved(root, []).0)
        return limits.isEmpty ? table : "\(limits.capitalised).\n\n\(table)"
    }

    private mutating func add(_ schema: JSONValue, name: String, path: [String]) {
        let (schema, path, isOpen) = resolved(schema, path)
        guard isOpen, budget > 0 else { return }
        budget -= 1
        let required = Set((schema["required"]?.arrayValue ?? []).compactMap(\.stringValue))
        for (property, value) in sorted(schema["properties"]) {
            let full = name.isEmpty ? property : "\(name).\(property)"
            row(full, value, isRequired: required.contains(property), path)
        }
        if let item = schema["items"] ?? schema["prefixItems"]?[0] {
            let element = item.arrayValue?.first ?? item
            if element.objectValue != nil { add(element, name: "\(name)[]", path: path) }
        }
        if let value = schema["additionalProperties"], value.objectValue != nil {
            row(name.isEmpty ? "*" : "\(name).*", value, isRequired: false, path)
        }
        for keyword in ["allOf", "oneOf", "anyOf"] {
            for branch in schema[keyword]?.arrayValue ?? [] { add(branch, name: name, path: path) }
        }
    }

    private mutating func row(_ name: String, _ value: JSONValue, isRequired: Bool, _ path: [String]) {
        if names.insert(name).inserted {
            let (schema, _, _) = resolved(value, path)
            let fallback = value["default"] ?? schema["default"]
            rows.append([
                Markdown.code(name), type(value), isRequired ? "yes" : "",
                fallback.map { Markdown.code($0.compact) } ?? "", description(value, schema),
            ])
        }
        add(value, name: name, path: path)
    }

    /// The names of an object in the order of their code units: a parsed object has forgotten that of the text.
    private func sorted(_ value: JSONValue?) -> [(key: String, value: JSONValue)] {
        (value?.objectValue ?? [:]).sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
    }

    /// The schema that a reference inside the document stands for; not open when it leads back into itself.
    private func resolved(_ schema: JSONValue, _ path: [String]) -> (JSONValue, path: [String], isOpen: Bool) {
        guard let reference = schema["$ref"]?.stringValue else { return (schema, path, true) }
        guard reference.hasPrefix("#"), !path.contains(reference),
            let pointer = try? JSONPointer(parsing: String(reference.dropFirst())), let target = root[pointer]
        else { return (schema, path, false) }
        return resolved(target, path + [reference])
    }

    /// - Parameter depth: how many arrays it is inside of.
    private func type(_ value: JSONValue, depth: Int = 0) -> String {
        if let reference = value["$ref"]?.stringValue, !reference.hasPrefix("#") { return link(reference) }
        let (schema, _, _) = resolved(value, [])
        if let constant = schema["const"] { return Markdown.code(constant.compact) }
        if let options = schema["enum"]?.arrayValue {
            return options.map { Markdown.code($0.compact) }.joined(separator: ", ")
        }
        let names = schema["type"]?.stringValue.map { [$0] } ?? schema["type"]?.arrayValue?.compactMap(\.stringValue)
        guard let names else { return schema["properties"] == nil ? "any" : "object" }
        let shown = names.map { name -> String in
            guard name == "array", let item = schema["items"], item.objectValue != nil, depth < 3 else {
                return Markdown.text(name)
            }
            return "array of \(type(item, depth: depth + 1))"
        }
        return shown.joined(separator: " or ")
    }

    private func description(_ value: JSONValue, _ schema: JSONValue) -> String {
        let words = (value["description"] ?? schema["description"])?.stringValue.map(Markdown.text)
        return [words, limits(of: schema).capitalised].compactMap(\.self).filter { !$0.isEmpty }
            .joined(separator: " — ")
    }

    /// What a schema asks for besides types, as one clause; empty if nothing.
    private func limits(of schema: JSONValue) -> String {
        var limits: [String] = []
        for (keyword, phrase) in Self.limits {
            if let limit = schema[keyword] {
                limits.append("\(phrase) \(Markdown.code(limit.stringValue ?? limit.compact))")
            }
        }
        if schema["uniqueItems"] == true { limits.append("no two alike") }
        for (keyword, phrase) in [("oneOf", "exactly one of"), ("anyOf", "at least one of")] {
            if let choices = choices(schema[keyword]) { limits.append("\(phrase) \(choices)") }
        }
        if schema["deprecated"] == true { limits.append("deprecated") }
        return limits.joined(separator: ", ")
    }

    private static let limits = [
        ("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most"), ("exclusiveMaximum", "below"),
        ("multipleOf", "a multiple of"), ("minLength", "characters at least"), ("maxLength", "characters at most"),
        ("minItems", "items at least"), ("maxItems", "items at most"), ("pattern", "pattern"), ("format", "format"),
    ]

    /// The names that the branches ask for, where they ask for nothing else.
    private func choices(_ branches: JSONValue?) -> String? {
        guard let branches = branches?.arrayValue, !branches.isEmpty else { return nil }
        let choices = branches.map { branch -> String? in
            guard let names = branch["required"]?.arrayValue?.compactMap(\.stringValue), !names.isEmpty,
                branch.objectValue?.count == 1
            else { return nil }
            return names.map(Markdown.code).joined(separator: " with ")
        }
        let known = choices.compactMap(\.self)
        return known.count == branches.count ? known.joined(separator: ", ") : nil
    }
}
