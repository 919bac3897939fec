/// The SHA-256 of some content as OCI writes it: `sha256:` and 64 lower-case hexadecimal digits.
package struct Digest: Hashable, Sendable {
    /// The 64 digits without the algorithm.
    package let hex: String

    /// - Throws: `GrammarError` for any other algorithm, length or letter case.
    package init(_ text: String) throws(GrammarError) {
        guard text.hasPrefix("sha256:") else {
            throw GrammarError(expected: "digest", text: text, rule: "it starts with 'sha256:'")
        }
        let hex = text.dropFirst("sha256:".count)
        guard hex.utf8.count == 64, hex.utf8.allSatisfy(Self.isLowerHex) else {
            throw GrammarError(
                expected: "digest", text: text, rule: "64 lower-case hexadecimal digits follow 'sha256:'")
        }
        self.hex = String(hex)
    }

    /// The digest with these 32 bytes.
    ///
    /// - Precondition: `bytes` are the 32 bytes of a SHA-256.
    package init(bytes: some Collection<UInt8>) {
        precondition(bytes.count == 32)
        let digits = Array("0123456789abcdef".utf8)
        self.hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The first 12 digits, for names and tables.
    package var short: String { String(hex.prefix(12)) }

    static func isLowerHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

extension Digest: TextCodable {
    package var description: String { "sha256:\(hex)" }
}
