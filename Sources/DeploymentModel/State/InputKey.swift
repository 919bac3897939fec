/// Names everything that a build of one ref for one platform depends on; 64 lower-case hexadecimal digits.
///
/// Same key, same digest: a build is looked up by it before it is made (contract "Pins").
package struct InputKey: Hashable, Sendable {
    /// The digest that it is.
    package let digest: Digest

    package var hex: String { digest.hex }

    /// - Throws: `GrammarError` unless the text is 64 lower-case hexadecimal digits.
    package init(_ text: String) throws(GrammarError) {
        guard text.utf8.count == 64, text.utf8.allSatisfy(Digest.isLowerHex) else {
            throw GrammarError(expected: "input key", text: text, rule: "it is 64 lower-case hexadecimal digits")
        }
        digest = Digest(hex: text)
    }

    /// The key that is the SHA-256 of its parts.
    package init(_ digest: Digest) { self.digest = digest }

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
