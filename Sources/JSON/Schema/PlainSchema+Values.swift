extension PlainSchema {
    /// Claims that a plain schema allows a value. `false` is no verdict: the value may be wrong, or the schema may ask
    /// for more than is looked at here, and compiling it will tell.
    ///
    /// To compile a schema for one or two values costs more than to read them side by side.
    static func allows(_ schema: JSONValue, _ value: JSONValue) -> Bool {
        switch schema {
        case .bool(let verdict): verdict
        case .object(let members): members.allSatisfy { allows($0, $1, of: members, value) }
        default: false
        }
    }

    private static func allows(
        _ keyword: String, _ rule: JSONValue, of schema: [String: JSONValue], _ value: JSONValue
    ) -> Bool {
        switch keyword {
        case "$schema", "$comment", "title", "description", "default", "examples", "readOnly", "writeOnly": true
        case "type": isOf(rule, value)
        case "const": value == rule
        case "enum": rule.arrayValue?.contains(value) ?? false
        case "minimum": !isNumber(value) || !value.isLess(than: rule)
        case "maximum": !isNumber(value) || !rule.isLess(than: value)
        case "exclusiveMinimum": !isNumber(value) || rule.isLess(than: value)
        case "exclusiveMaximum": !isNumber(value) || value.isLess(than: rule)
        case "minLength": within(rule, value.stringValue?.unicodeScalars.count) { $0 >= $1 }
        case "maxLength": within(rule, value.stringValue?.unicodeScalars.count) { $0 <= $1 }
        case "minItems": within(rule, value.arrayValue?.count) { $0 >= $1 }
        case "maxItems": within(rule, value.arrayValue?.count) { $0 <= $1 }
        case "minProperties": within(rule, value.objectValue?.count) { $0 >= $1 }
        case "maxProperties": within(rule, value.objectValue?.count) { $0 <= $1 }
        case "required": hasAll(rule, value)
        case "items": value.arrayValue?.allSatisfy { allows(rule, $0) } ?? true
        case "properties", "additionalProperties": membersFit(schema, value)
        case "allOf": rule.arrayValue?.allSatisfy { allows($0, value) } ?? false
        case "anyOf": rule.arrayValue?.contains { allows($0, value) } ?? false
        default: false
        }
    }

    private static func isOf(_ rule: JSONValue, _ value: JSONValue) -> Bool {
        if let name = rule.stringValue {
            return JSONTypes(named: name).map { !value.types.isDisjoint(with: $0) } ?? false
        }
        return rule.arrayValue?.contains { isOf($0, value) } ?? false
    }

    /// A rule about a count; `nil` for a value that has none.
    private static func within(_ rule: JSONValue, _ count: Int?, _ holds: (Int64, Int64) -> Bool) -> Bool {
        guard let count else { return true }
        guard case .integer(let limit) = rule else { return false }
        return holds(Int64(count), limit)
    }

    private static func hasAll(_ rule: JSONValue, _ value: JSONValue) -> Bool {
        guard let members = value.objectValue else { return true }
        return rule.stringArray?.allSatisfy { isExactly($0, in: members) } ?? false
    }

    /// Each member fits the schema of its name, or that of all others.
    private static func membersFit(_ schema: [String: JSONValue], _ value: JSONValue) -> Bool {
        guard let members = value.objectValue else { return true }
        let named = schema["properties"]?.objectValue ?? [:]
        return members.allSatisfy { name, value in
            if let rule = named[name] { return isExactly(name, in: named) && allows(rule, value) }
            return schema["additionalProperties"].map { allows($0, value) } ?? true
        }
    }

    /// Names are equal by code points; the dictionary takes two spellings for one that Unicode calls equivalent.
    private static func isExactly(_ name: String, in members: [String: JSONValue]) -> Bool {
        members.index(forKey: name).map { members[$0].key.utf8.elementsEqual(name.utf8) } ?? false
    }
}

extension JSONSchema {
    /// Claims without compiling it that a schema which `check(schema:)` finds nothing wrong with allows a value; `false`
    /// is no verdict.
    package static func plainly(_ schema: JSONValue, allows value: JSONValue) -> Bool {
        PlainSchema.allows(schema, value)
    }
}
