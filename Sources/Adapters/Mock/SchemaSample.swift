import JSON

/// A value that fits a JSON Schema of everyday keywords, the same one each time.
struct SchemaSample {
    /// How deep references and nesting are followed.
    private static let depth = 32

    let value: JSONValue

    /// - Parameter resource: the document that an absolute reference leads to.
    init(_ schema: JSONValue, resource: (String) -> JSONValue?) {
        value = Self.sample(schema, root: schema, resource, Self.depth)
    }

    private static func sample(
        _ schema: JSONValue, root: JSONValue, _ resource: (String) -> JSONValue?, _ depth: Int
    ) -> JSONValue {
        guard depth > 0, let members = schema.objectValue else { return .null }
        if let value = members["const"] ?? members["default"] ?? members["examples"]?[0] ?? members["enum"]?[0] {
            return value
        }
        if let reference = members["$ref"]?.stringValue {
            let (document, target) = resolve(reference, root, resource)
            return sample(target, root: document, resource, depth - 1)
        }
        var merged = members
        for part in members["allOf"]?.arrayValue ?? [] { merge(part, into: &merged) }
        if let choice = members["oneOf"]?[0] ?? members["anyOf"]?[0] { merge(choice, into: &merged) }
        switch type(of: merged) {
        case "object":
            var object: [String: JSONValue] = [:]
            let required = (merged["required"]?.arrayValue ?? []).compactMap(\.stringValue)
            for name in required {
                object[name] = sample(merged["properties"]?[name] ?? [:], root: root, resource, depth - 1)
            }
            return .object(object)
        case "array":
            let count = Int(merged["minItems"]?.intValue ?? 0)
            let items = merged["items"] ?? [:]
            return .array((0..<max(0, min(count, 100))).map { _ in sample(items, root: root, resource, depth - 1) })
        case "string": return .string(text(merged))
        case "integer": return .integer(least(merged))
        case "number": return .integer(least(merged))
        case "boolean": return .bool(true)
        default: return .null
        }
    }

    /// The target of a reference, and the document that it is in.
    private static func resolve(
        _ reference: String, _ root: JSONValue, _ resource: (String) -> JSONValue?
    ) -> (JSONValue, JSONValue) {
        let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let document =
            parts[0].isEmpty ? root : resource(parts[0]) ?? resource("registry:/schemas/" + parts[0]) ?? .null
        guard parts.count > 1, let pointer = try? JSONPointer(parsing: parts[1]) else { return (document, document) }
        var target = document
        for token in pointer.tokens { target = target[token] ?? Int(token).flatMap { target[$0] } ?? .null }
        return (document, target)
    }

    private static func merge(_ part: JSONValue, into members: inout [String: JSONValue]) {
        for (name, value) in part.objectValue ?? [:] {
            switch name {
            case "properties":
                members[name] = .object(
                    (members[name]?.objectValue ?? [:]).merging(value.objectValue ?? [:]) { first, _ in first })
            case "required": members[name] = .array((members[name]?.arrayValue ?? []) + (value.arrayValue ?? []))
            default: members[name] = members[name] ?? value
            }
        }
    }

    private static func type(of members: [String: JSONValue]) -> String? {
        members["type"]?.stringValue ?? members["type"]?[0]?.stringValue
            ?? (members["properties"] != nil || members["required"] != nil ? "object" : nil)
            ?? (members["items"] != nil ? "array" : nil)
    }

    private static func text(_ members: [String: JSONValue]) -> String {
        switch members["format"]?.stringValue {
        case "date-time": return "2000-01-01T00:00:00Z"
        case "date": return "2000-01-01"
        case "uri", "url": return "https://example.org/"
        case "email": return "mock@example.org"
        case "uuid": return "00000000-0000-4000-8000-000000000000"
        default: break
        }
        let least = Int(members["minLength"]?.intValue ?? 0)
        let most = members["maxLength"]?.intValue.map { Int($0) } ?? .max
        let text = "mock" + String(repeating: "-", count: max(0, min(least, 1 << 16) - 4))
        return String(text.prefix(most))
    }

    private static func least(_ members: [String: JSONValue]) -> Int64 {
        let low = members["minimum"]?.doubleValue ?? members["exclusiveMinimum"]?.doubleValue.map { $0 + 1 }
        let high = members["maximum"]?.doubleValue ?? members["exclusiveMaximum"]?.doubleValue.map { $0 - 1 }
        let step = members["multipleOf"]?.intValue ?? 1
        // A bound that no integer of 64 bits reaches has no sample; the schema's own check says so.
        let value = Int64(exactly: (low ?? min(high ?? 0, 0)).rounded(.up)) ?? 0
        let rest = step > 0 ? value % step : 0
        return rest == 0 ? value : value &+ (rest > 0 ? step - rest : -rest)
    }
}
