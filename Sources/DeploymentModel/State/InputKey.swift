/// Names everything that a build of one ref for one platform depends on; 64 lower-case hexadecimal digits.
///
/// Same key, same digest: a build is looked up by it before it is made (contract "Pins").
package struct InputKey: Hashable, Sendable {
    package let hex: String

    /// - Throws: `GrammarError` unless the text is 64 lower-case hexadecimal digits.
    package init(_ text: String) throws(GrammarError) {
        guard text.utf8.count == 64, text.utf8.allSatisfy(Digest.isLowerHex) else {
            throw GrammarError(expected: "input key", text: text, rule: "it is 64 lower-case hexadecimal digits")
        }
        hex = text
    }

    /// The key that is the SHA-256 of its parts.
    package init(_ digest: Digest) { hex = digest.hex }

    /// The digest that it is.
    package var digest: Digest { Digest(hex: hex) }

    /// The start of the content tag of every image that was built from this key for this platform.
    package func contentTagPrefix(_ platform: Platform) -> String { "src-\(hex.prefix(32))-\(platform)-" }

    /// The tag under which the local engine holds a build of this key.
    package func localTag(_ platform: Platform) -> String { "src-\(hex.prefix(32))-\(platform)" }

    /// The content tag of an image: written once, never moved; it keeps cleanup jobs away.
    package func contentTag(_ platform: Platform, _ digest: Digest) -> String {
        contentTagPrefix(platform) + digest.short
    }
}

extension InputKey: TextCodable {
    package var description: String { hex }
}
