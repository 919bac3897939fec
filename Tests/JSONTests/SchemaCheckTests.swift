import JSON
import Testing

@Suite struct SchemaCheckTests {
    @Test(arguments: JSONSchema.Dialect.allCases)
    func theMetaSchemaFitsItself(dialect: JSONSchema.Dialect) throws {
        let metaSchema = try JSONSchema(["$ref": .string(dialect.rawValue)], formats: .assertion)
        #expect(metaSchema.accepts(["type": "object", "properties": ["a": true]]))
        #expect(!metaSchema.accepts(["type": "object", "properties": ["a": 1]]))
    }

    static let bad: [(JSONValue, [String])] = [
        (1, ["the value: expected boolean or object, found integer"]),
        (
            ["minLength": -1, "required": ["a", "a"]],
            ["/minLength: expected a number of at least 0", "/required: items 0 and 1 are equal"]
        ),
        (
            ["properties": ["a": 5, "b": ["type": "text"]]],
            [
                "/properties/a: expected boolean or object, found integer",
                "/properties/b/type: expected 'array', 'boolean', 'integer', 'null', 'number', 'object' or 'string'",
            ]
        ),
        (
            ["pattern": "[z-a]"],
            ["/pattern: the regular expression is invalid: a range in brackets ends before it starts"]
        ),
        (
            ["patternProperties": ["(": true]],
            ["/patternProperties/(: the regular expression is invalid: a '(' has no ')'"]
        ),
        (["allOf": []], ["/allOf: expected at least 1 item, found 0"]),
        (["items": ["$ref": "#/$defs/x"]], ["/items/$ref: '/$defs/x' leads nowhere"]),
        (["$schema": "http://example.com/m"], ["/$schema: the meta-schema 'http://example.com/m' is not known"]),
        (["properties": ["a": ["$ref": "#"]]], []),
        (true, []),
    ]

    @Test(arguments: bad)
    func everythingWrongWithASchemaPointsIntoIt(schema: JSONValue, said: [String]) {
        for dialect in JSONSchema.Dialect.allCases where schema["$defs"] == nil {
            #expect(JSONSchema.check(schema: schema, dialect: dialect).map(\.description) == said, "\(dialect)")
        }
    }

    @Test func aMetaSchemaOfOnesOwnJudgesItsSchemas() {
        let found = JSONSchema.check(schema: ["$schema": "http://example.com/m", "title": "x"]) { _ in
            [
                "$schema": "https://json-schema.org/draft/2020-12/schema", "required": ["description"],
                "$ref": "https://json-schema.org/draft/2020-12/schema",
            ]
        }
        #expect(found.map(\.description) == ["the value: 'description' is missing"])
    }
}
