import JSON
import Testing

@Suite struct SchemaPatternTests {
    /// A pattern, texts that it is in, and texts that it isn't in.
    static let patterns: [(String, [String], [String])] = [
        ("b", ["abc"], ["ac"]), ("^b$", ["b"], ["b\n", "\nb", "ab"]), ("^a|b$", ["ac", "cb"], ["ca"]),
        (#"^\d+$"#, ["042"], ["৪২"]), (#"^\D$"#, ["৪"], ["4"]), (#"^\w+$"#, ["a_9"], ["é"]), (#"^\W$"#, ["é"], ["a"]),
        (#"^\s$"#, [" ", "\u{A0}", "\u{FEFF}", "\u{2000}", "\u{2028}"], ["\u{200B}", "\u{85}"]),
        (#"^[\S]$"#, ["a", "\u{85}"], [" ", "\u{2001}"]), (#"^[^\s]$"#, ["a"], [" "]),
        (#"^[\w-]+$"#, ["a-b"], ["a b"]), (#"^[a-]+$"#, ["a-"], ["b"]), ("^[^]$", ["\n"], [""]), ("[]", [], ["", "a"]),
        ("^.$", ["a", "\u{1F600}", "\u{85}"], ["\n", "\r", "\u{2028}", ""]), ("^..$", ["e\u{301}"], ["\u{E9}"]),
        ("^\u{E9}$", ["\u{E9}"], ["e\u{301}"]), ("^[\u{C0}-\u{212A}]$", ["\u{212A}", "\u{E9}"], ["K", "a"]),
        ("^[\u{F900}-\u{FAFF}]$", ["\u{F900}", "\u{FA0E}"], ["\u{8C48}"]), (#"^[\x00-\x1f]$"#, ["\n", "\r"], [" "]),
        (#"^\cJ\t\x41\u0042\u{43}\uD83D\uDE00\0$"#, ["\n\tABC\u{1F600}\0"], ["J"]), (#"^[\b]$"#, ["\u{8}"], ["b"]),
        (#"\bfoo\b"#, ["a foo", "éfooé"], ["afoo"]), (#"^\p{Letter}\P{Lu}$"#, ["Ab", "éz"], ["aB", "1b"]),
        (#"^\p{Script=Greek}+$"#, ["αβ"], ["ab"]), (#"^[\p{L}\d]+$"#, ["é4"], ["-"]),
        ("^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]),
        ("^a{2}b{1,}?$", ["aab"], ["ab"]), (#"^(a|b)\1$"#, ["aa", "bb"], ["ab"]),
        (#"^(?<x>a|b)-\k<x>$"#, ["a-a"], ["a-b"]),
        ("^(?:a|b)(?!c)", ["ad", "b"], ["ac"]), ("^(?=.*1)a", ["ab1"], ["ab"]), ("^${a}$", [], ["a"]),
        (#"^x{a}]$"#, ["x{a}]"], ["xa"]), (#"^\-\_\/\.\[$"#, ["-_/.["], []), (#"^[[:a&&b]+$"#, ["[:a&b"], ["c"]),
        ("#a b", ["#a b"], ["ab"]), (#"^[\uD800-\uDFFF]$"#, [], ["a"]),
    ]

    @Test(arguments: patterns)
    func patternsMeanWhatTheyMeanInECMAScript(pattern: String, fitting: [String], others: [String]) throws {
        let schema = try JSONSchema(["pattern": .string(pattern)])
        for text in fitting { #expect(schema.accepts(.string(text)), "\(text.debugDescription)") }
        for text in others { #expect(!schema.accepts(.string(text)), "\(text.debugDescription)") }
    }

    @Test(
        arguments: [
            "(", ")", "[", "[z-a]", "*a", "a**", "a++", "(?i)a", "(?P<n>a)", "(?#x)a", "(?>a)", "(?<=a)b", #"\a"#,
            #"\"#,
            #"\1"#, #"(a)\2"#, #"\k<x>"#, #"\u12"#, #"\u{110000}"#, #"\xZ0"#, #"\c1"#, #"\p{Nonsense}"#, #"\p{name=A}"#,
            #"\p"#, #"\p{L"#, "a{3,2}", "a{99999999999999999999}", "(?<>a)", "(?<a", "^*", "(?", "(?<", "[a", #"[\1]"#,
            String(repeating: "(", count: 100) + String(repeating: ")", count: 100),
        ])
    func whatIsNoSupportedPatternIsASchemaError(pattern: String) throws {
        let error = try #require(throws: JSONSchemaError.self) { try JSONSchema(["pattern": .string(pattern)]) }
        #expect(error.code == .invalidPattern)
    }
}
