import FoundationEssentials
import JSON
import Testing

@Suite(.tags(.small)) struct JSONCodableTests {
    @Test func survivesEncodingAndDecoding() throws {
        let value: JSONValue = ["a": [1, -2.5, "x", nil, true], "b": ["c": [:]], "big": 9_223_372_036_854_775_807]
        let encoded = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: encoded) == value)
        #expect(try JSONValue(parsing: encoded) == value)
    }
}
