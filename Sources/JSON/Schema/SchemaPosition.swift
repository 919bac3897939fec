/// How a keyword holds schemas. Only there is a value a schema: `$id` inside of `const` or `enum` names nothing.
enum SchemaPosition {
    case schema
    case array
    case object
    /// One schema, or in draft-07 an array of them.
    case schemaOrArray
    /// The schemas among the values of an object, others being arrays of names: `dependencies`.
    case schemasAmongMembers

    static func of(_ keyword: String, in dialect: JSONSchema.Dialect) -> SchemaPosition? {
        switch (keyword, dialect) {
        case ("not", _), ("if", _), ("then", _), ("else", _), ("contains", _), ("propertyNames", _),
            ("additionalProperties", _), ("additionalItems", .draft7), ("items", .draft2020),
            ("unevaluatedItems", .draft2020), ("unevaluatedProperties", .draft2020), ("contentSchema", .draft2020):
            .schema
        case ("allOf", _), ("anyOf", _), ("oneOf", _), ("prefixItems", .draft2020):
            .array
        case ("properties", _), ("patternProperties", _), ("definitions", _), ("$defs", _),
            ("dependentSchemas", .draft2020):
            .object
        case ("items", .draft7): .schemaOrArray
        case ("dependencies", _): .schemasAmongMembers
        default: nil
        }
    }

    /// The schemas inside of the keyword's value, each with the tokens that lead there from it, in a fixed order.
    func schemas(in value: JSONValue) -> [(tokens: [String], schema: JSONValue)] {
        switch (self, value) {
        case (.schema, _), (.schemaOrArray, .object), (.schemaOrArray, .bool):
            [([], value)]
        case (.array, .array(let elements)), (.schemaOrArray, .array(let elements)):
            elements.enumerated().map { ([String($0)], $1) }
        case (.object, .object(let members)):
            members.sorted { $0.key < $1.key }.map { ([$0.key], $0.value) }
        case (.schemasAmongMembers, .object(let members)):
            members.sorted { $0.key < $1.key }.filter { $0.value.arrayValue == nil }.map { ([$0.key], $0.value) }
        default: []
        }
    }
}
