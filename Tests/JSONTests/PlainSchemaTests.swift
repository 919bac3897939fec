import JSON
import Testing

/// Schemas that are plainly right are not held against their meta-schema; none that is wrong may pass for one.
@Suite(.tags(.small))
struct PlainSchemaTests {
    private static let wrong = [
        #"{"type": "text"}"#, #"{"type": []}"#, #"{"type": ["string", "string"]}"#, #"{"required": "a"}"#,
        #"{"required": ["a", "a"]}"#, #"{"minLength": -1}"#, #"{"minLength": 1.5}"#, #"{"minimum": "1"}"#,
        #"{"uniqueItems": 1}"#, #"{"items": 1}"#, #"{"properties": []}"#, #"{"properties": {"a": 1}}"#,
        #"{"oneOf": []}"#, #"{"anyOf": [1]}"#, #"{"enum": 1}"#, #"{"title": 1}"#, #"{"not": "x"}"#,
        #"{"properties": {"a": {"items": {"type": 1}}}}"#, #"{"$schema": "urn:none"}"#, #"{"$schema": 1}"#,
        #"{"pattern": "("}"#, #"{"$ref": "none"}"#, #"{"items": {"$ref": "none"}}"#, "1", "[]",
    ]

    @Test(arguments: wrong, JSONSchema.Dialect.allCases)
    func `a wrong schema is never plain`(text: String, dialect: JSONSchema.Dialect) throws {
        let schema = try JSONValue(parsing: Array(text.utf8))
        #expect(!JSONSchema.check(schema: schema, dialect: dialect).isEmpty)
    }

    @Test(arguments: [
        (#"{"type": "object", "required": ["a"], "properties": {"a": {"minimum": 2}}}"#, #"{"a": 2}"#, #"{"a": 1}"#),
        (#"{"additionalProperties": false, "properties": {"a": true}}"#, #"{"a": 1}"#, #"{"b": 1}"#),
        (#"{"items": {"enum": ["x", 1]}, "maxItems": 2}"#, #"["x", 1.0]"#, #"["x", "x", "x"]"#),
        (#"{"anyOf": [{"type": "string", "maxLength": 1}, {"const": null}]}"#, "null", #""ab""#),
    ])
    func `plain schemas are read without being compiled`(schema: String, right: String, wrong: String) throws {
        let schema = try JSONValue(parsing: Array(schema.utf8))
        #expect(JSONSchema.plainly(schema, allows: try JSONValue(parsing: Array(right.utf8))))
        #expect(!JSONSchema.plainly(schema, allows: try JSONValue(parsing: Array(wrong.utf8))))
    }
}
