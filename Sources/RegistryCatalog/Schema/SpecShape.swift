import JSON

/// Makes JSON Schemas of fields. A field that is written without a value counts as left out, so every one may be null.
enum SpecShape {
    static func text(_ description: String, pattern: String? = nil, default fallback: JSONValue? = nil) -> JSONValue {
        field(["string", "null"], description, ["pattern": pattern.map { .string($0) }, "default": fallback])
    }

    /// One of these words.
    static func word(_ description: String, _ words: [String], default fallback: String? = nil) -> JSONValue {
        let options = words.map { JSONValue.string($0) } + [.null]
        return described(
            description, ["enum": .array(options), "default": fallback.map { .string($0) }])
    }

    static func flag(_ description: String, default fallback: Bool? = nil) -> JSONValue {
        field(["boolean", "null"], description, ["default": fallback.map { .bool($0) }])
    }

    static func integer(
        _ description: String, from minimum: Int64, to maximum: Int64? = nil, default fallback: Int64? = nil
    ) -> JSONValue {
        field(
            ["integer", "null"], description,
            [
                "minimum": .integer(minimum), "maximum": maximum.map { .integer($0) },
                "default": fallback.map { .integer($0) },
            ])
    }

    /// A number; with a maximum it is also above 0.
    static func number(
        _ description: String, to maximum: Int64? = nil, default fallback: Int64? = nil
    ) -> JSONValue {
        field(
            ["number", "null"], description,
            [
                "exclusiveMinimum": maximum == nil ? nil : 0, "maximum": maximum.map { .integer($0) },
                "default": fallback.map { .integer($0) },
            ])
    }

    static func list(_ description: String, of item: JSONValue) -> JSONValue {
        field(["array", "null"], description, ["items": item])
    }

    /// A mapping of these names and no others.
    static func mapping(
        _ description: String, _ properties: [String: JSONValue], required: [String] = []
    ) -> JSONValue {
        field(["object", "null"], description, closed(properties, required))
    }

    /// As `mapping`, for what has to be there: a list's item, a document.
    static func item(_ description: String, _ properties: [String: JSONValue], required: [String] = []) -> JSONValue {
        field(["object"], description, closed(properties, required))
    }

    /// A mapping with names of the author's choice.
    static func open(_ description: String, of value: JSONValue) -> JSONValue {
        field(["object", "null"], description, ["additionalProperties": value])
    }

    /// Any value.
    static func any(_ description: String) -> JSONValue { described(description, [:]) }

    /// An older spelling: read, never written.
    static func older(_ field: JSONValue, _ instead: String) -> JSONValue {
        var members = field.objectValue ?? [:]
        members["deprecated"] = true
        let description = members["description"]?.stringValue ?? ""
        members["description"] = .string("\(description) An older spelling: \(instead)".trimmed)
        return .object(members)
    }

    /// What must not be null.
    static func required(_ field: JSONValue) -> JSONValue {
        var members = field.objectValue ?? [:]
        if let types = members["type"]?.arrayValue {
            let rest = types.filter { $0 != "null" }
            members["type"] = rest.count == 1 ? rest[0] : .array(rest)
        }
        if let options = members["enum"]?.arrayValue { members["enum"] = .array(options.filter { !$0.isNull }) }
        return .object(members)
    }

    private static func closed(_ properties: [String: JSONValue], _ required: [String]) -> [String: JSONValue?] {
        [
            "properties": .object(properties.merging(["<<": true]) { written, _ in written }),
            "patternProperties": ["^x-": true], "additionalProperties": false,
            "required": required.isEmpty ? nil : .array(required.map { .string($0) }),
        ]
    }

    private static func field(
        _ types: [String], _ description: String, _ more: [String: JSONValue?]
    ) -> JSONValue {
        let type: JSONValue = types.count == 1 ? .string(types[0]) : .array(types.map { .string($0) })
        return described(description, more.merging(["type": type]) { _, type in type })
    }

    private static func described(_ description: String, _ more: [String: JSONValue?]) -> JSONValue {
        var members = more.compactMapValues(\.self)
        members["description"] = .string(description)
        return .object(members)
    }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
