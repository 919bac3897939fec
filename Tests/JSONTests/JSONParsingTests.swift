import JSON
import Testing

@Suite(.tags(.small)) struct JSONParsingTests {
    static let texts: [(String, JSONValue)] = [
        ("null", JSONValue.null), (" true\r\n", true), ("false", false), ("\"\"", ""),
        ("0", 0), ("-0", 0), ("-12", -12), ("9223372036854775807", 9_223_372_036_854_775_807),
        ("9223372036854775808", 9_223_372_036_854_775_808.0), ("1.50", 1.5), ("1e2", 100.0), ("-2.5E-1", -0.25),
        ("1e-400", 0.0),
        ("[]", []), ("[ 1 , [2] ]", [1, [2]]), ("{}", [:]), (#"{"a":{"b":null}}"#, ["a": ["b": nil]]),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{08}\u{0C}\n\r\t"), (#""\u00e9\ud83d\ude02x""#, "é😂x"),
        ("\"é😂\u{7F}\"", "é😂\u{7F}"),
    ]

    @Test(arguments: texts)
    func readsWhatRFC8259Allows(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test func keepsWhetherANumberWasWrittenAsAnInteger() throws {
        #expect(try JSONValue(parsing: "1").kind == "an integer")
        #expect(try JSONValue(parsing: "1.0").kind == "a number")
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "[1,]", "[1 2]", "[,1]", "[", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#,
        #"{a:1}"#,
        #"{"a":1"#, "{1:2}", "]", "1 2", "[] []", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "Infinity",
        "-Infinity", "-nan", "'a'", "\"a", "\"a\u{01}\"", "\"a\nb\"", #""\x""#, #""\u12g4""#, #""\u12"#, #""\"#,
        "/**/1", "\u{FEFF}1", "1\u{0}", "\u{A0}1",
    ])
    func refusesWhatRFC8259DoesNotAllow(text: String) {
        #expect(code(of: text) == .syntax)
    }

    @Test(arguments: [#""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, #""\ud800\ud800""#, #""\ud800x""#])
    func refusesHalfASurrogatePair(text: String) {
        #expect(code(of: text) == .encoding)
    }

    @Test(
        arguments: [[0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func refusesBytesThatAreNoUTF8(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect { try JSONValue(parsing: [quote] + bytes + [quote]) } throws: { ($0 as? JSONError)?.code == .encoding }
    }

    @Test(arguments: [#"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"{"x":[{"é":1,"e\u0301":2}]}"#])
    func refusesADuplicateName(text: String) {
        #expect(code(of: text) == .duplicateName)
    }

    @Test(arguments: ["1e400", "-1e400", "[1e999]"])
    func refusesANumberThatOverflows(text: String) {
        #expect(code(of: text) == .numberRange)
    }

    @Test func boundsTheDepth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(JSONValue.depthLimit))
        #expect(code(of: nested(JSONValue.depthLimit + 1)) == .depth)
        #expect(code(of: String(repeating: #"{"a":"#, count: 100_000)) == .depth)
        // Siblings are no depth.
        _ = try JSONValue(parsing: "[" + Array(repeating: "[]", count: 1000).joined(separator: ",") + "]")
    }

    @Test func saysWhere() {
        #expect {
            try JSONValue(parsing: "{\n  \"é\": 1,\n  \"é\": 2\n}")
        } throws: { error in
            guard let error = error as? JSONError, let place = error.place else { return false }
            return error.description == "3:3: the object has the name 'é' twice" && place.offset == 15
                && place.line == 3 && place.column == 3
        }
        #expect {
            try JSONValue(parsing: "[1,\n")
        } throws: {
            ($0 as? JSONError)?.description == "2:1: the text ends where a JSON value should be"
        }
    }

    private func code(of text: String) -> JSONError.Code? {
        do throws(JSONError) {
            _ = try JSONValue(parsing: text)
            return nil
        } catch {
            return error.code
        }
    }
}
