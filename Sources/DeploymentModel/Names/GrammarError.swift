/// A text that does not follow the grammar of the type it was given for.
package struct GrammarError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the text should have been: `processor ref`, `digest`, …
    package let expected: String
    /// The text as it was given.
    package let text: String
    /// The rule that it breaks, as a clause: "the version is a decimal of at least 1 without leading zeros".
    package let rule: String

    package init(expected: String, text: String, rule: String) {
        self.expected = expected
        self.text = text
        self.rule = rule
    }

    package var description: String { "'\(text)' is no \(expected): \(rule)" }
}
