import Testing
import YAML

extension Tag {
    @Tag static var small: Self
}

@Suite(.tags(.small))
struct YAMLDocumentTests {
    private func root(_ text: String) throws -> YAMLNode { try #require(try YAMLDocument(Array(text.utf8)).root) }

    private func value(_ name: String, in node: YAMLNode) throws -> YAMLNode {
        try #require(node.mapping?.first { $0.key.scalar?.text == name }?.value)
    }

    private func bytes(of node: YAMLNode, in text: String) -> String {
        String(decoding: Array(text.utf8)[node.span.bytes], as: UTF8.self)
    }

    @Test(arguments: [
        "a: pin # comment\n", "# ünïcödé ✓\na: pin\n", "\u{FEFF}a: pin\n", "\u{FEFF}b:\n- 1\na: pin\n",
        "x: 1\r\na: pin\r\n", "{a: pin, b: 2}",
        "\"ß\": 1\na: pin", "x: &y 1\na: pin\n",
    ])
    func `a plain value's range is exactly its bytes`(text: String) throws {
        #expect(bytes(of: try value("a", in: root(text)), in: text) == "pin")
    }

    @Test(arguments: [
        ("a: 'pin'\n", "'pin'"), ("a: \"p\\x69n\"", "\"p\\x69n\""), ("a: !!str pin", "pin"), ("a: &x pin", "pin"),
    ])
    func `quotes belong to the range, tags and anchors do not`(text: String, expected: String) throws {
        let node = try value("a", in: root(text))
        #expect(bytes(of: node, in: text) == expected)
        #expect(node.scalar?.text == "pin")
    }

    @Test(arguments: [
        ("no", YAMLScalarValue.string("no")), ("yes", .string("yes")), ("on", .string("on")), ("true", .bool(true)),
        ("False", .bool(false)), ("~", .null), ("", .null), ("null", .null), ("1e3", .number(1000)),
        ("0x1F", .integer(31)),
        ("0o17", .integer(15)), ("017", .integer(17)), ("-12", .integer(-12)), ("+7", .integer(7)),
        (".5", .number(0.5)),
        ("1.", .number(1)), ("1_000", .string("1_000")), ("12:30", .string("12:30")), ("1.2.3", .string("1.2.3")),
        ("3.12", .number(3.12)), ("-", .string("-")), (".", .string(".")), ("0x-1", .string("0x-1")),
        ("2001-01-01", .string("2001-01-01")), ("'1'", .string("1")), ("!!str 1", .string("1")),
        (".inf", .number(.infinity)),
    ])
    func `plain scalars follow the core schema of YAML 1.2`(text: String, expected: YAMLScalarValue) throws {
        // A list item of '-' alone would be an empty item, so it stands in a flow list.
        let node = try root(text == "-" ? "a: \"-\"" : "a: \(text)\n")
        #expect(try value("a", in: node).value == expected)
    }

    @Test(arguments: [
        ("a: [1, 2", "1:9"), ("a: b: c", "1:5"), ("\ta: 1", "1:1"), ("a: *none", "1:4"), ("a: 1\n---\nb: 2\n", "2:1"),
        ("a: \"x", "1:6"), ("a: 1\nb: [1,\n\n", "2:7"),
    ])
    func `an error says where it is`(text: String, place: String) throws {
        let error = #expect(throws: YAMLError.self) { try YAMLDocument(Array(text.utf8)) }
        #expect(error?.kind == .syntax)
        let position = try #require(error?.position)
        #expect("\(position.line):\(position.column)" == place, "\(String(describing: error))")
    }

    @Test(arguments: [[0x61, 0x3A, 0x20, 0xFF], [0x61, 0x3A, 0x20, 0x00], [0xFF, 0xFE, 0x61, 0x00]] as [[UInt8]])
    func `bytes that are no UTF-8 text are refused`(bytes: [UInt8]) {
        #expect(throws: YAMLError.self) { try YAMLDocument(bytes) }
    }

    @Test func `an alias bomb is past the budget`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(alias)]\n"
        }
        let error = #expect(throws: YAMLError.self) { try YAMLDocument(Array(text.utf8)) }
        #expect(error?.kind == .budget)
    }

    @Test func `deep nesting is past the budget, and no crash`() {
        let text = String(repeating: "[", count: 10_000)
        let error = #expect(throws: YAMLError.self) { try YAMLDocument(Array(text.utf8)) }
        #expect(error?.kind == .budget)
    }

    @Test func `a text longer than the budget is not read`() {
        let error = #expect(throws: YAMLError.self) {
            try YAMLDocument(Array("a: 12345".utf8), budget: YAMLBudget(bytes: 4))
        }
        #expect(error?.kind == .budget)
    }

    @Test(arguments: ["", "# only a comment\n", "---\n...\n"])
    func `a text without a value has no root, or an empty one`(text: String) throws {
        let root = try YAMLDocument(Array(text.utf8)).root
        #expect(root == nil || root?.value == .null)
    }
}
