import JSON
import Testing

@testable import Adapters

/// Samples fit the schemas that they are made from.
@Suite(.tags(.small)) struct SchemaSampleTests {
    static let schemas: [JSONValue] = [
        [
            "type": "object", "required": ["a", "b"],
            "properties": ["a": ["type": "string", "minLength": 9], "b": ["const": 7]],
        ],
        ["type": "array", "minItems": 3, "items": ["enum": ["x", "y"]]],
        ["type": "integer", "minimum": 5, "multipleOf": 4], ["type": "integer", "maximum": -3],
        ["type": "integer", "minimum": -7, "multipleOf": 3], ["type": "number", "exclusiveMinimum": 1],
        ["type": ["string", "null"], "maxLength": 2], ["type": "string", "format": "date-time"],
        [
            "oneOf": [["required": ["x"]], ["required": ["y"]]], "type": "object",
            "properties": ["x": ["type": "boolean"]],
        ],
        ["allOf": [["required": ["p"], "properties": ["p": ["type": "integer"]]]], "type": "object"],
        ["$ref": "#/$defs/n", "$defs": ["n": ["type": "number", "minimum": 2.5]]], ["$ref": "other@1"], [:], true,
    ]

    @Test(arguments: schemas)
    func fits(schema: JSONValue) throws {
        let other: JSONValue = ["type": "object", "required": ["title"], "properties": ["title": ["type": "string"]]]
        func resource(_ uri: String) -> JSONValue? { uri == "registry:/schemas/other@1" ? other : JSONValue?.none }
        let sample = SchemaSample(schema, resource: resource).value
        let compiled = try JSONSchema(schema, baseURI: "registry:/schemas/-", resources: resource)
        #expect(compiled.validate(sample).isEmpty, "\(sample.compact)")
    }

    /// Schemas that nothing fits, or that lead in circles, end all the same.
    @Test(
        arguments: [
            ["type": "integer", "minimum": 1e300], ["type": "array", "minItems": -1], ["$ref": "#"],
            ["type": "integer", "minimum": .integer(.max), "multipleOf": 2],
            ["type": "string", "minLength": .integer(.max)],
        ] as [JSONValue])
    func endsWhateverTheSchemaSays(schema: JSONValue) {
        _ = SchemaSample(schema) { _ in nil }.value
    }
}
