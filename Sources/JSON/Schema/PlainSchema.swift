/// Schemas that are plainly right: everyday keywords with values of the right type, and nothing that refers, names or
/// matches by pattern.
///
/// A meta-schema asks each of its vocabularies about each schema inside a schema. Most schemas need no such hearing; what
/// is not plain here is not wrong, and the meta-schema judges it.
enum PlainSchema {
    /// Claims that both dialects' meta-schemas allow the schema, and that it can be compiled.
    static func accepts(_ document: JSONValue, dialect: JSONSchema.Dialect) -> Bool {
        isPlain(document, dialect, depth: 0)
    }

    private static func isPlain(_ schema: JSONValue, _ dialect: JSONSchema.Dialect, depth: Int) -> Bool {
        switch schema {
        case .bool: true
        case .object(let members):
            depth < 64 && members.allSatisfy { isPlain($0, $1, dialect, depth: depth) }
        default: false
        }
    }

    /// What a keyword's value has to be.
    private enum Shape {
        case anything, array, string, type, names, number, count, bool, schema, schemas, schemaList, dialect
    }

    private static let shapes: [String: Shape] = [
        "const": .anything, "default": .anything, "enum": .array, "examples": .array, "title": .string,
        "description": .string, "$comment": .string, "type": .type, "required": .names, "minimum": .number,
        "maximum": .number, "exclusiveMinimum": .number, "exclusiveMaximum": .number, "minLength": .count,
        "maxLength": .count, "minItems": .count, "maxItems": .count, "minProperties": .count, "maxProperties": .count,
        "uniqueItems": .bool, "readOnly": .bool, "writeOnly": .bool, "items": .schema,
        "additionalProperties": .schema, "not": .schema, "contains": .schema, "propertyNames": .schema,
        "properties": .schemas, "oneOf": .schemaList, "anyOf": .schemaList, "allOf": .schemaList,
        "$schema": .dialect,
    ]

    private static func isPlain(
        _ keyword: String, _ value: JSONValue, _ dialect: JSONSchema.Dialect, depth: Int
    ) -> Bool {
        guard let shape = shapes[keyword] else { return false }
        switch shape {
        case .anything: return true
        case .array: return value.arrayValue != nil
        case .string: return value.stringValue != nil
        case .type: return isType(value)
        case .names:
            guard let names = value.stringArray else { return false }
            return Set(names.map { JSONValue.string($0) }).count == names.count
        case .number: return isNumber(value)
        case .count:
            if case .integer(let count) = value { return count >= 0 }
            return false
        case .bool: return value.boolValue != nil
        case .schema: return isPlain(value, dialect, depth: depth + 1)
        case .schemas:
            return value.objectValue?.values.allSatisfy { isPlain($0, dialect, depth: depth + 1) } ?? false
        case .schemaList:
            guard let schemas = value.arrayValue, !schemas.isEmpty else { return false }
            return schemas.allSatisfy { isPlain($0, dialect, depth: depth + 1) }
        case .dialect: return depth == 0 && value.stringValue.flatMap { JSONSchema.Dialect(uri: $0) } == dialect
        }
    }

    static func isNumber(_ value: JSONValue) -> Bool {
        switch value {
        case .integer: true
        case .number(let number): number.isFinite
        default: false
        }
    }

    private static let types: Set = ["null", "boolean", "object", "array", "number", "string", "integer"]

    private static func isType(_ value: JSONValue) -> Bool {
        if let name = value.stringValue { return types.contains(name) }
        guard let names = value.stringArray, !names.isEmpty else { return false }
        return Set(names).count == names.count && types.isSuperset(of: names)
    }
}
