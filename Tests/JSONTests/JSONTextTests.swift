import JSON
import Testing

@Suite(.tags(.small)) struct JSONTextTests {
    static let texts: [(JSONValue, String)] = [
        (JSONValue.null, "null"), (true, "true"), (-5, "-5"), ("a/b\u{7F}é", "\"a/b\u{7F}é\""),
        ("\u{01}\u{1F}\u{08}\t\n\u{0C}\r\"\\", #""\u0001\u001f\b\t\n\f\r\"\\""#),
        ([1, [], [:]], "[1,[],{}]"), (["b": 1, "a": ["d": 2, "c": 3]], #"{"a":{"c":3,"d":2},"b":1}"#),
        // U+FB33 sorts before U+1F602 by code point and by UTF-8, after it by UTF-16.
        (["\u{FB33}": 1, "\u{1F602}": 2], "{\"\u{1F602}\":2,\"\u{FB33}\":1}"),
    ]

    @Test(arguments: texts)
    func compactTextIsSortedAndWithoutSpace(value: JSONValue, text: String) throws {
        #expect(value.compact == text)
        #expect(try value.canonical() == text)
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test func prettyTextIndentsByTwo() {
        let value: JSONValue = ["b": [1, ["x": nil]], "a": [:], "c": []]
        #expect(
            value.pretty == """
                {
                  "a": {},
                  "b": [
                    1,
                    {
                      "x": null
                    }
                  ],
                  "c": []
                }
                """)
    }

    /// From RFC 8785 appendix B.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"), (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"), (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func numbersAreWrittenAsECMAScriptWritesThem(bits: UInt64, text: String) throws {
        let number = Double(bitPattern: bits)
        #expect(try JSONValue.number(number).canonical() == text)
    }

    @Test(arguments: [
        (JSONValue.integer(1 << 60), "1152921504606847000"), (.integer(.min), "-9223372036854776000"),
        (.integer(9_007_199_254_740_993 + 1), "9007199254740994"), (.integer(-7), "-7"),
    ])
    func canonicalIntegersAreWrittenAsDoubles(value: JSONValue, text: String) throws {
        #expect(try value.canonical() == text)
    }

    @Test(arguments: [
        JSONValue.integer(.max), .integer(9_007_199_254_740_993), .number(.nan), [["a": .number(.infinity)]],
    ])
    func whatNoDoubleHoldsHasNoCanonicalForm(value: JSONValue) {
        #expect { try value.canonical() } throws: { ($0 as? JSONError)?.code == .numberRange }
    }

    @Test func compactKeepsEveryDigitOfAnInteger() {
        #expect(JSONValue.integer(1 << 60).compact == "1152921504606846976")
        #expect(JSONValue.number(.nan).compact == "null")
    }
}
