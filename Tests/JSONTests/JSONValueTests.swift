import JSON
import Testing

@Suite(.tags(.small)) struct JSONValueTests {
    @Test func equalityIsByMathematicalValue() {
        #expect(JSONValue.integer(1) == .number(1.0))
        #expect(JSONValue.integer(1).hashValue == JSONValue.number(1.0).hashValue)
        #expect(JSONValue.integer(9_007_199_254_740_993) != .number(9_007_199_254_740_992))
        #expect(JSONValue.integer(1) != .bool(true))
        #expect(JSONValue.null != .bool(false))
    }

    @Test func equalityIsByCodePoint() throws {
        #expect(JSONValue.string("é") != .string("e\u{301}"))
        #expect(JSONValue.object(["é": 1]) != .object(["e\u{301}": 1]))
        #expect(JSONValue.object(["a": 1]) != .object(["a": 1, "b": 2]))
    }

    @Test func accessorsAnswerOnlyForTheirOwnKind() {
        let value: JSONValue = ["s": "x", "n": 3.0, "f": 0.5, "b": true, "a": [1, nil], "o": ["k": "v"]]
        #expect(value["s"]?.stringValue == "x")
        #expect(value["n"]?.intValue == 3)
        #expect(value["f"]?.intValue == nil)
        #expect(value["f"]?.doubleValue == 0.5)
        #expect(value["b"]?.boolValue == true)
        #expect(value["a"]?[0]?.intValue == 1)
        #expect(value["a"]?[1]?.isNull == true)
        #expect(value["a"]?[2] == nil)
        #expect(value["a"]?[-1] == nil)
        #expect(value["a"]?["0"] == nil)
        #expect(value["o"]?["k"] == "v")
        #expect(value["s"]?.arrayValue == nil)
        #expect(value["missing"] == nil)
    }

    @Test func aLiteralWithANameTwiceKeepsTheLast() {
        #expect(JSONValue(dictionaryLiteral: ("a", 1), ("a", 2)) == ["a": 2])
    }
}
