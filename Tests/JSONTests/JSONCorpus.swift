/// Texts that readers of JSON are known to disagree on, or to fall over.
enum JSONCorpus {
    static let texts: [[UInt8]] =
        [
            "", " ", "\u{FEFF}{}", "[1,]", "[,1]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"\u{E9}\":1,\"e\u{301}\":2}",
            "{\"\":0}", "{\"a\":{\"a\":{\"a\":[]}}}", "[]]", "[[]", "\"", "\"\\\"", "\"\\u\"", "\"\\u00\"",
            "\"\\uZZZZ\"",
            "\"\\uD834\\uDD1E\"", "\"\\uD834\"", "\"\\uDD1E\\uD834\"", "\"\\u0000\"", "\"a\u{0}b\"", "\"\t\"",
            "\"\u{7F}\"",
            "-", "-0", "-0.0", "0e0", "00", "01", "1.", ".1", "1e", "1e+", "1E400", "-1E400", "1e-400", "0.1e-5",
            "123456789012345678901234567890", "-9223372036854775808", "-9223372036854775809", "9223372036854775808",
            "2.2250738585072011e-308", "1.7976931348623157e308", "1.7976931348623159e308", "5e-324", "4.9e-324",
            "NaN", "Infinity", "nul", "null ", "nullx", "true false", "True", "'a'", "{a:1}", "/**/1", "1//", "[1 2]",
            "\u{B}1", "1\u{0}", "{\"a\" 1}", "{\"a\"::1}", "{,}", "\u{85}1", "\u{2028}1", "\u{A0}1", "[\"\u{2028}\"]",
        ].map { Array($0.utf8) } + [
            // Bytes that are no UTF-8: alone, too long, a surrogate, past the end of Unicode, cut off.
            [0xFF], [0x22, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xE0, 0x80, 0x80, 0x22],
            [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
            // UTF-16, with and without its mark.
            [0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00], [0x5B, 0x00, 0x5D, 0x00],
        ] + [
            Array(repeating: UInt8(ascii: "["), count: 100_000),
            Array(String(repeating: "{\"a\":", count: 100_000).utf8),
            Array((String(repeating: "[", count: 600) + String(repeating: "]", count: 600)).utf8),
        ]
}
