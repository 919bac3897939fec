package import DeploymentModel

/// The name of one run of a processor: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`, so that none is a path.
package struct ExecutionID: Hashable, Sendable {
    private let text: String

    /// - Throws: `GrammarError` for any other text.
    package init(_ text: String) throws(GrammarError) {
        let bytes = text.utf8
        guard bytes.count <= 128, let first = bytes.first, Self.isAlphanumeric(first),
            bytes.allSatisfy({ Self.isAlphanumeric($0) || "._-".utf8.contains($0) })
        else {
            throw GrammarError(
                expected: "execution id", text: text,
                rule: "it is 1 to 128 ASCII letters, digits, '.', '_' and '-', and starts with a letter or a digit")
        }
        self.text = text
    }

    /// A new id: a random UUID (RFC 9562, version 4) in lower case.
    package init(using generator: inout some RandomNumberGenerator) {
        let high: UInt64 = generator.next() & ~0xF000 | 0x4000
        let low: UInt64 = generator.next() & ~(0b11 << 62) | 0b10 << 62
        let digits = [high, low].map { word in
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        var rest = Substring(digits)
        text = [8, 4, 4, 4, 12].map { count in
            defer { rest = rest.dropFirst(count) }
            return String(rest.prefix(count))
        }.joined(separator: "-")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}

extension ExecutionID: TextCodable {
    package var description: String { text }
}
