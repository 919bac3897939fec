import JSON
import Testing

@Suite struct SchemaFormatTests {
    static let texts: [(String, [String], [String])] = [
        (
            "date-time", ["2026-01-31T23:59:60Z", "2024-02-29t01:02:03.5+01:30"],
            ["2026-02-29T00:00:00Z", "2026-01-31T00:00:00", "2026-01-31 00:00:00Z"]
        ),
        ("date", ["2000-02-29"], ["1800-02-29", "1900-02-29", "2026-1-31", "2026-13-01", "2026-04-31", ""]),
        ("time", ["00:00:00Z", "23:59:60Z", "15:59:60-08:00"], ["24:00:00Z", "12:00:60Z", "12:00:00", "12:00:00.Z"]),
        (
            "email", ["a.b+c@example.com", "\"a b\"@example.com", "a@[127.0.0.1]"],
            ["a", "@b", "a@", ".a@b", "a b@c", "a@b@c"]
        ),
        ("hostname", ["a", "a-1.example.com"], ["", "-a", "a-", "a..b", "a_b", "a.", "é"]),
        ("ipv4", ["0.0.0.0", "255.255.255.255"], ["256.0.0.0", "1.2.3", "01.2.3.4", "1.2.3.4.5", "1.2.3.a"]),
        (
            "ipv6", ["::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1::8", "1:2:3:4:5:6:7::"],
            [
                "", ":", ":::", "1:2:3:4:5:6:7", "1::2::3", "1:2:3:4::5:6:7:8", "12345::", "1:2:3:4:5:6:7:8:9", ":1::",
                "::1%eth0",
                "1:2:3:4:5:6:7:", "1:2:3:4:1.2.3.4",
            ]
        ),
        (
            "uri", ["http://a.b/c?d#e", "urn:x:y", "ldap://[::1]:80/", "mailto:a@b"],
            ["a", "/a", "//a", "http://a b", "1a:b", "a:%zz", "http://[::1", "http://a:x"]
        ),
        ("uri-reference", ["", "a", "/a", "#b", "//a/b", "?x"], ["\\a", "a b", "#a#b", "1:b"]),
        (
            "uuid", ["2eb8aa08-aa98-11ea-b4aa-73b441d16380"],
            ["2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638g"]
        ),
        ("json-pointer", ["", "/a~0b/~1"], ["a", "/~2", "#/a"]), ("regex", ["^a$", ""], ["("]),
        ("other", ["anything"], []),
    ]

    @Test(arguments: texts)
    func formatsAreJudgedWhenAsked(format: String, fitting: [String], others: [String]) throws {
        let schema = try JSONSchema(["format": .string(format)], formats: .assertion)
        for text in fitting { #expect(schema.accepts(.string(text)), "\(text)") }
        for text in others { #expect(!schema.accepts(.string(text)), "\(text)") }
        #expect(schema.accepts(1))
    }

    @Test func formatsSayNothingUnlessAsked() throws {
        #expect(try JSONSchema(["format": "date"]).accepts("no date"))
        #expect(
            try JSONSchema(["format": "date"], formats: .assertion).validate("no date").map(\.message) == [
                "expected a date such as 2026-01-31"
            ])
    }

    @Test func aMetaSchemaCanAskForThem() throws {
        let metaSchema: JSONValue = [
            "$vocabulary": ["https://json-schema.org/draft/2020-12/vocab/format-assertion": true]
        ]
        let schema = try JSONSchema(["$schema": "http://example.com/m", "format": "date"]) { _ in metaSchema }
        #expect(!schema.accepts("no date"))
    }
}

@Suite struct SchemaNumberTests {
    static let numbers: [(JSONValue, [JSONValue], [JSONValue])] = [
        (["type": "integer"], [1, 1.0, 1e300, -0.0], [1.5, "1"]),
        (["multipleOf": 0.01], [0.07, 1.1, 4.35, 0, 1e300], [0.075]),
        (["multipleOf": 1e-8], [12_391_239_123, 0.5], [1e-9]), (["multipleOf": 0.123456789], [0.246913578], [1e308]),
        (["multipleOf": 1e300], [0, 1e301, -2e300], [1, 1e299]),
        (["multipleOf": 3], [9_223_372_036_854_775_806], [9_223_372_036_854_775_807]),
        (["maximum": 9_007_199_254_740_992], [9_007_199_254_740_992], [9_007_199_254_740_993]),
        (["maximum": 9.2e18], [9_200_000_000_000_000_000], [9_200_000_000_000_000_001, 1e19]),
        (["exclusiveMinimum": -1.5], [-1, -1.25], [-2, -1.5]),
        (["minimum": -1e19], [-9_223_372_036_854_775_808], [-2e19]),
        (["const": 1], [1.0], [true, "1"]), (["enum": [[1.0]]], [[1]], [[2]]), (["minLength": 2.0], ["ab"], ["a"]),
    ]

    @Test(arguments: numbers)
    func numbersAreComparedByTheirExactValue(schema: JSONValue, fitting: [JSONValue], others: [JSONValue]) throws {
        let schema = try JSONSchema(schema)
        for value in fitting { #expect(schema.accepts(value), "\(value.compact)") }
        for value in others { #expect(!schema.accepts(value), "\(value.compact)") }
    }
}
