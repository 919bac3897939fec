import FoundationEssentials
import JSON
import RegistryCatalog
import Testing

@Suite(.tags(.small))
struct IgnoreRulesTests {
    @Test(arguments: [
        ("*.md", "README.md", true), ("*.md", "docs/a.md", false), ("**/*.md", "docs/a.md", true),
        ("**/*.md", "a.md", true),
        ("docs", "docs/a/b.txt", true), ("docs/", "docs/a", true), ("/docs", "docs/a", true), ("doc", "docs/a", false),
        ("*\n!keep.txt", "keep.txt", false), ("*\n!keep.txt", "drop.txt", true), ("*\n!app/**", "app/x/y", false),
        ("!keep\nkeep", "keep", true), ("a?c", "abc", true), ("a?c", "a/c", false), ("[a-c].txt", "b.txt", true),
        ("[^a-c].txt", "b.txt", false), ("[^a-c].txt", "z.txt", true), ("# a.txt", "a.txt", false), ("", "a", false),
        ("  a.txt  ", "a.txt", true), ("./a.txt", "a.txt", true), ("x/../a.txt", "a.txt", true),
        ("**", "any/thing", true), ("\u{FEFF}a.txt\r\nb.txt\r\n", "a.txt", true), ("a\r\nb.txt\r\n", "b.txt", true),
        ("a/**", "a/b/c", true), ("a/**", "a", false), ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true),
        ("\\*.md", "*.md", true), ("\\*.md", "a.md", false), ("*/temp*", "x/temporary/y", true),
        ("*/*/temp*", "x/temporary", false), ("**/node_modules", "a/b/node_modules/c", true),
        ("foo**bar", "fooxbar", false), ("**file", "dir/afile", true), ("**/file", "dir/afile", false),
        ("a/b\n!a", "a/b", true), ("a\n!a/b", "a/b", false), ("é", "e\u{301}", false),
    ])
    func `rules fit as Docker has it`(rules: String, path: String, expected: Bool) throws {
        #expect(try IgnoreRules(rules).excludes(path) == expected)
    }

    @Test(arguments: [
        ("a\n[", 2, "a '[' is not closed"), ("!", 1, "'!' names nothing"),
        ("a\\", 1, "a '\\' at its end escapes nothing"),
        ("\n\n[b-a]", 3, "the range b-a is upside down"), ("[a-]", 1, "']' in '[…]' needs a '\\' before it"),
        ("\\d", 1, "'\\d' means nothing; a letter or digit needs no '\\'"),
    ])
    func `a line that Docker refuses is named`(rules: String, line: Int, reason: String) {
        let error = #expect(throws: IgnoreRules.Malformed.self) { try IgnoreRules(rules) }
        #expect(error?.line == line)
        #expect(error?.reason == reason)
    }

    /// Generated rules and paths with the verdicts of moby/patternmatcher 0.6.0 and its `ignorefile`, path after path as a
    /// builder walks them; `ERR` where it refuses the rules.
    @Test func `generated rules fit as in the builders' own library`() throws {
        let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let text = try String(contentsOfFile: folder + "/ignore-rules.jsonl", encoding: .utf8)
        var count = 0
        for line in text.split(separator: "\n") {
            let fact = try JSONValue(parsing: String(line))
            let rules = try #require(fact[0]?.stringValue)
            let paths = fact[1]?.arrayValue?.compactMap(\.stringValue) ?? []
            var verdicts = "ERR"
            if let read = try? IgnoreRules(rules) {
                var filter = IgnoreRules.Filter(read)
                verdicts = paths.map { filter.excludes($0) ? "1" : "0" }.joined()
            }
            #expect(verdicts == fact[2]?.stringValue, "\(rules.debugDescription) \(paths)")
            count += 1
        }
        #expect(count > 400)
    }

    @Test func `a pattern made to be slow is not`() throws {
        let rules = try IgnoreRules(String(repeating: "**/*a*?", count: 12) + "z")
        #expect(!rules.excludes(String(repeating: "ab/", count: 40)))
    }
}
