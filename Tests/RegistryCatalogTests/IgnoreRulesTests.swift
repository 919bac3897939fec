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
        ("**", "any/thing", true),
        ("a/**", "a/b/c", true), ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true), ("\\*.md", "*.md", true),
        ("\\*.md", "a.md", false), ("*/temp*", "x/temporary/y", true), ("*/*/temp*", "x/temporary", false),
        ("**/node_modules", "a/b/node_modules/c", true), ("foo**bar", "fooxbar", false),
    ])
    func `rules fit as Docker has it`(rules: String, path: String, expected: Bool) {
        #expect(IgnoreRules(rules).excludes(path) == expected)
    }
}
