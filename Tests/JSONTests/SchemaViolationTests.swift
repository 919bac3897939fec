import JSON
import Testing

@Suite struct SchemaViolationTests {
    /// A schema, a value, and what is said of it.
    static let cases: [(JSONValue, JSONValue, [String])] = [
        (["required": ["age", "name"]], ["name": "x"], ["the value: 'age' is missing"]),
        (["type": "integer"], "secret", ["the value: expected integer, found string"]),
        (["type": ["null", "array", "object"]], 1.5, ["the value: expected null, array or object, found number"]),
        (["type": "string"], 1.0, ["the value: expected string, found integer"]),
        (["additionalProperties": false], ["a": 1], ["/a: 'a' is not allowed here"]),
        (
            ["unevaluatedProperties": false, "properties": ["b": true]], ["a": 1, "b": 2],
            ["/a: 'a' is not allowed here"]
        ),
        (["prefixItems": [true], "items": false], [1, 2], ["/1: no item is allowed here"]),
        (false, 1, ["the value: no value is allowed here"]),
        (["enum": ["a", "b", 3]], "secret", ["the value: expected 'a', 'b' or 3"]),
        (["const": ["a": 1]], "secret", [#"the value: expected {"a":1}"#]),
        (["minLength": 2], "é", ["the value: expected at least 2 characters, found 1"]),
        (["maxItems": 1], [1, 2], ["the value: expected at most 1 item, found 2"]),
        (["minProperties": 1], [:], ["the value: expected at least 1 member, found 0"]),
        (["minimum": 3], 2, ["the value: expected a number of at least 3"]),
        (["exclusiveMaximum": 3], 3, ["the value: expected a number below 3"]),
        (["multipleOf": 0.25], 0.3, ["the value: expected a multiple of 0.25"]),
        (["pattern": "^a$"], "secret", ["the value: expected a text that matches '^a$'"]),
        (["uniqueItems": true], [1, 2, 1.0], ["the value: items 0 and 2 are equal"]),
        (["contains": ["type": "null"]], [1], ["the value: expected an item that fits 'contains', found 0"]),
        (["contains": true, "maxContains": 1], [1, 2], ["the value: expected at most 1 item that fits, found 2"]),
        (["not": ["type": "null"]], nil, ["the value: fits what 'not' excludes"]),
        (["oneOf": [true, false, true]], 1, ["the value: fits the alternatives 0 and 2, where only one may fit"]),
        (["dependentRequired": ["a": ["b"]]], ["a": 1], ["the value: 'b' is missing, which 'a' needs"]),
        (["propertyNames": ["maxLength": 1]], ["ab": 1], ["/ab: expected at most 1 character, found 2"]),
    ]

    @Test(arguments: cases)
    func everyKeywordSaysWhatIsWrongInOneClause(schema: JSONValue, value: JSONValue, said: [String]) throws {
        #expect(try JSONSchema(schema).validate(value).map(\.description) == said)
    }

    @Test func everythingThatIsWrongIsFoundInTheOrderOfThePlaces() throws {
        let schema = try JSONSchema([
            "properties": ["list": ["items": ["type": "string", "minLength": 1]], "a/b": ["const": 1]],
            "required": ["name"], "additionalProperties": false,
        ])
        var list = [JSONValue](repeating: "x", count: 11)
        (list[2], list[10], list[9]) = (1, 2, "")
        let found = schema.validate(["z": 1, "list": .array(list), "a/b": 2, "c": 3])
        #expect(
            found.map { "\($0.instance) \($0.schema) \($0.keyword)" } == [
                " /required required", "/a~1b /properties/a~1b/const const",
                "/c /additionalProperties additionalProperties", "/list/2 /properties/list/items/type type",
                "/list/9 /properties/list/items/minLength minLength", "/list/10 /properties/list/items/type type",
                "/z /additionalProperties additionalProperties",
            ])
    }

    @Test func aViolationPointsIntoTheDocumentThatItsSchemaIsIn() throws {
        let schema = try JSONSchema(["items": ["$ref": "http://example.com/port#/$defs/port"]]) { uri in
            uri == "http://example.com/port" ? ["$defs": ["port": ["maximum": 65_535]]] : nil
        }
        let violation = try #require(schema.validate([1, 70_000]).first)
        #expect(violation.document == "http://example.com/port")
        #expect(violation.schema.description == "/$defs/port/maximum")
        #expect(violation.instance.description == "/1")
    }

    @Test func theSameSchemaReachedTwiceSaysThingsOnce() throws {
        let schema = try JSONSchema([
            "allOf": [["$ref": "#/$defs/a"], ["$ref": "#/$defs/a"]], "$defs": ["a": ["minimum": 1]],
        ])
        #expect(schema.validate(0).count == 1)
    }

    @Test func aMemberThatIsWrongIsNotAlsoUnevaluated() throws {
        let schema = try JSONSchema([
            "allOf": [["properties": ["a": ["type": "string"]]]], "unevaluatedProperties": false,
        ])
        #expect(schema.validate(["a": 1]).map(\.keyword) == ["type"])
        #expect(schema.validate(["a": 1, "b": 1]).map(\.keyword) == ["type", "unevaluatedProperties"])
    }

    @Test func namesAreComparedByCodePoints() throws {
        let schema = try JSONSchema(["properties": ["\u{E9}": false], "required": ["\u{E9}"]])
        #expect(schema.validate(["e\u{301}": 1]).map(\.keyword) == ["required"])
    }
}

/// Of alternatives that all fail, people want to hear about the one that they meant.
@Suite struct SchemaAlternativeTests {
    @Test func theOnlyAlternativeOfTheRightTypeSpeaks() throws {
        let schema = try JSONSchema([
            "oneOf": [["type": "string"], ["type": "object", "properties": ["cpu": ["minimum": 0]]]]
        ])
        #expect(schema.validate(["cpu": -1]).map(\.schema.description) == ["/oneOf/1/properties/cpu/minimum"])
    }

    @Test func theOnlyAlternativeWithTheRightTagSpeaks() throws {
        let schema = try JSONSchema([
            "anyOf": [
                ["properties": ["kind": ["const": "http"], "port": ["type": "integer"]]],
                ["properties": ["kind": ["const": "file"], "path": ["type": "string"]]],
            ]
        ])
        #expect(
            schema.validate(["kind": "file", "path": 1, "port": "x"]).map(\.description) == [
                "/path: expected string, found integer"
            ])
    }

    @Test func elseEachGivesItsReason() throws {
        let schema = try JSONSchema([
            "anyOf": [["required": ["a"]], ["properties": ["b": ["minimum": 2]], "required": ["b"]]]
        ])
        #expect(
            schema.validate(["b": 1]).map(\.description) == [
                "the value: fits none of 2 alternatives: 'a' is missing; or /b: expected a number of at least 2"
            ])
    }
}
