import Testing
import YAML

@Suite(.tags(.small))
struct SpliceTests {
    private func edit(_ text: String, _ name: String = "a", to value: String = "new@sha256:00") throws -> String {
        let document = try YAMLDocument(Array(text.utf8))
        let node = try #require(document.root?.mapping?.first { $0.key.scalar?.text == name }?.value)
        return String(decoding: try document.replacing([ScalarEdit(node.span, text: value)]), as: UTF8.self)
    }

    @Test(arguments: [
        ("a: old # why\n", "a: new@sha256:00 # why\n"), ("a: 'old'\r\nb: 1\r\n", "a: 'new@sha256:00'\r\nb: 1\r\n"),
        ("a:   \"old\"", "a:   \"new@sha256:00\""), ("{b: 1, a: old}", "{b: 1, a: new@sha256:00}"),
        ("a:\nb: 1\n", "a: new@sha256:00\nb: 1\n"), ("a: \nb: 1\n", "a: new@sha256:00 \nb: 1\n"),
        ("# ü\na: old", "# ü\na: new@sha256:00"), ("a: &x old\nb: *x\n", "a: &x new@sha256:00\nb: *x\n"),
        ("\u{FEFF}a: old\n", "\u{FEFF}a: new@sha256:00\n"), ("a: sha256:pending\n", "a: new@sha256:00\n"),
    ])
    func `only the value's bytes change`(before: String, after: String) throws {
        #expect(try edit(before) == after)
    }

    @Test(arguments: ["a: |\n  old\n", "a: >\n  old\n", "b: &x 1\na: *x\n", "a: [old]\n", "a: {b: old}\n"])
    func `what cannot be replaced faithfully is refused`(text: String) {
        let error = #expect(throws: YAMLError.self) { try edit(text) }
        #expect(error?.kind == .edit)
    }

    @Test(arguments: ["x: y", "x #y", "- x", "[x", "true", "12", "", "x\ny", "*x", "@x"])
    func `a text that would not be read back as itself is refused`(value: String) {
        #expect(throws: YAMLError.self) { try edit("a: old\n", to: value) }
    }

    @Test func `two values change in one edit`() throws {
        let text = "p:\n  amd64: one # a\n  arm64: 'two'\n"
        let document = try YAMLDocument(Array(text.utf8))
        let slots = try #require(document.root?.mapping?.first?.value.mapping)
        let edits = slots.map { ScalarEdit($0.value.span, text: "new-\($0.key.scalar?.text ?? "")") }
        let result = String(decoding: try document.replacing(edits), as: UTF8.self)
        #expect(result == "p:\n  amd64: new-amd64 # a\n  arm64: 'new-arm64'\n")
    }
}
