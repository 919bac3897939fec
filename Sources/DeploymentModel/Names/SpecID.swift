/// The name of a tool, schema, policy, prompt or predicate: `name@ver`, for example `media.metadata@1`.
package struct SpecID: Hashable, Sendable {
    package let name: String
    package let version: Int

    /// - Throws: `GrammarError` that names the broken rule.
    package init(_ text: String) throws(GrammarError) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isName(parts[0]) else {
            throw GrammarError(
                expected: "spec id (name@ver)", text: text,
                rule: "the name is lower-case letters and digits in runs that '.', '_' or '-' separate")
        }
        let digits = parts[1]
        guard digits.utf8.first != UInt8(ascii: "0"), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let version = Int(digits)
        else {
            throw GrammarError(
                expected: "spec id (name@ver)", text: text,
                rule: "the version is a decimal of at least 1 without leading zeros")
        }
        self.name = String(parts[0])
        self.version = version
    }

    private static func isName(_ text: Substring) -> Bool {
        text.utf8.split(omittingEmptySubsequences: false) { "._-".utf8.contains($0) }
            .allSatisfy { run in !run.isEmpty && run.allSatisfy { (97...122).contains($0) || (48...57).contains($0) } }
    }
}

extension SpecID: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        (left.name, left.version) < (right.name, right.version)
    }
}

extension SpecID: TextCodable {
    package var description: String { "\(name)@\(version)" }
}
