import JSON
import Testing

@Suite struct SchemaCompilationTests {
    static let bad: [(JSONValue, JSONSchemaError.Code, String)] = [
        (1, .invalidKeyword, "#: a schema is an object or a Boolean, not an integer"),
        (["items": [true]], .invalidKeyword, "#/items: a schema is an object or a Boolean, not an array"),
        (["properties": ["a": ["type": "text"]]], .invalidKeyword, "#/properties/a/type: there is no type 'text'"),
        (["minLength": -1], .invalidKeyword, "#/minLength: 'minLength' must be an integer that is not negative"),
        (["multipleOf": 0], .invalidKeyword, "#/multipleOf: 'multipleOf' must be a number above 0"),
        (["required": "a"], .invalidKeyword, "#/required: 'required' must be an array of strings"),
        (["$id": "a#b"], .invalidKeyword, "#/$id: '$id' has a fragment"),
        (
            ["$schema": "http://example.com/x"], .unknownDialect,
            "#/$schema: the meta-schema 'http://example.com/x' is not known"
        ),
        (["pattern": "("], .invalidPattern, "#/pattern: the regular expression is invalid: a '(' has no ')'"),
        (
            ["patternProperties": ["a/(": true]], .invalidPattern,
            "#/patternProperties/a~1(: the regular expression is invalid: a '(' has no ')'"
        ),
        (["$ref": "#/$defs/x"], .unresolvedReference, "#/$ref: '/$defs/x' leads nowhere"),
        (["$ref": "#x"], .unresolvedReference, "#/$ref: no schema has the name 'x'"),
        (["$ref": "http://example.com/x#y"], .unresolvedReference, "#/$ref: 'http://example.com/x' is not known"),
        (
            ["$defs": ["a": ["$anchor": "x"], "b": ["$anchor": "x"]]], .duplicateIdentifier,
            "#/$defs/b/$anchor: 'x' is the name of another schema"
        ),
        (
            ["$defs": ["a": ["$id": "x"], "b": ["$id": "x"]]], .duplicateIdentifier,
            "#/$defs/b/$id: '$id' is that of another schema"
        ),
        (["$ref": "#"], .endlessReference, "#: the schema refers back to itself without end"),
        (
            ["anyOf": [["type": "null"], ["not": ["$ref": "#"]]]], .endlessReference,
            "#/anyOf/1/not: the schema refers back to itself without end"
        ),
    ]

    @Test(arguments: bad)
    func aBadSchemaIsRefusedWithItsPlace(schema: JSONValue, code: JSONSchemaError.Code, text: String) throws {
        let error = try #require(throws: JSONSchemaError.self) { try JSONSchema(schema) }
        #expect(error.code == code)
        #expect(error.description == text)
    }

    @Test func anErrorInAnotherDocumentTellsWhich() throws {
        let error = try #require(throws: JSONSchemaError.self) {
            try JSONSchema(["$ref": "http://example.com/a"], resources: { _ in ["items": ["type": 1]] })
        }
        #expect(error.document == "http://example.com/a")
        #expect(error.pointer.description == "/items/type")
    }

    @Test func aVocabularyThatIsRequiredMustBeKnown() throws {
        let error = try #require(throws: JSONSchemaError.self) {
            try JSONSchema(["$schema": "http://example.com/m"]) { _ in ["$vocabulary": ["http://example.com/v": true]] }
        }
        #expect(error.code == .unknownVocabulary)
    }

    @Test func theDialectDecidesWhatKeywordsMean() throws {
        let schema: JSONValue = ["items": [["type": "null"]], "dependentRequired": ["a": ["b"]]]
        #expect(try JSONSchema(schema, dialect: .draft7).validate([1]).count == 1)
        #expect(try JSONSchema(schema, dialect: .draft7).accepts(["a": 1]))
        #expect(throws: JSONSchemaError.self) { try JSONSchema(schema) }
        let named: JSONValue = [
            "$schema": "https://json-schema.org/draft-07/schema#", "$ref": "#/x", "minimum": 9, "x": true,
        ]
        #expect(try JSONSchema(named, dialect: .draft2020).accepts(1))
    }

    /// RFC 3986 section 5.4.
    static let references = [
        ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
        ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), (";x", "http://a/b/c/;x"),
        (".", "http://a/b/c/"), ("./", "http://a/b/c/"), ("..", "http://a/b/"), ("../g", "http://a/b/g"),
        ("../..", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("/./g", "http://a/g"),
        ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), ("..g", "http://a/b/c/..g"), ("./g/.", "http://a/b/c/g/"),
        ("g/../h", "http://a/b/c/h"), ("g;x=1/../y", "http://a/b/c/y"), ("g:h", "g:h"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
    ]

    @Test(arguments: references)
    func referencesAreResolvedAsTheRFCSays(reference: String, target: String) throws {
        let error = try #require(throws: JSONSchemaError.self) {
            try JSONSchema(["$id": "http://a/b/c/d;p?q", "$ref": .string(reference)])
        }
        #expect(error.message == "'\(target)' is not known")
    }

    @Test func documentsAreAskedForOnceAndBeforeAnythingIsJudged() throws {
        nonisolated(unsafe) var asked: [String] = []
        let schema = try JSONSchema(
            ["items": ["$ref": "b"], "not": ["$ref": "b#"]], baseURI: "http://example.com/a"
        ) { uri in
            asked.append(uri)
            return ["type": "integer"]
        }
        #expect(asked == ["http://example.com/b"])
        #expect(schema.validate([1, "x"]).count == 1)
        #expect(asked.count == 1)
    }
}

@Suite struct SchemaDepthTests {
    private func nested(_ depth: Int) -> JSONValue {
        var value: JSONValue = 1
        for _ in 0..<depth { value = ["a": value] }
        return value
    }

    @Test func aValueAsDeepAsATextCanBeIsJudged() throws {
        let schema = try JSONSchema(["properties": ["a": ["$ref": "#"]], "type": ["object", "integer"]])
        #expect(schema.validate(nested(JSONValue.depthLimit - 2)) == [])
    }

    @Test func aDeeperOneIsAViolationAndNoCrash() throws {
        let schema = try JSONSchema(["not": ["properties": ["a": ["$ref": "#"]]]])
        let found = schema.validate(nested(20_000))
        #expect(found.map(\.message) == ["schema and value go deeper than 1024 levels"])
    }

    @Test func aDynamicReferenceInCirclesIsAViolationAndNoCrash() throws {
        let schema = try JSONSchema([
            "$id": "http://example.com/a", "$ref": "b",
            "$defs": [
                "outer": ["$dynamicAnchor": "n", "anyOf": [["$ref": "b"], ["$ref": "b"]]],
                "b": ["$id": "b", "not": ["$dynamicRef": "#n"], "$defs": ["n": ["$dynamicAnchor": "n"]]],
            ],
        ])
        #expect(!schema.accepts(1))
        #expect(schema.validate(1).map(\.message) == ["schema and value go deeper than 1024 levels"])
    }
}
