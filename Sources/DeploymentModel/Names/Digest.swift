/// The SHA-256 of some content as OCI writes it: `sha256:` and 64 lower-case hexadecimal digits.
package struct Digest: Hashable, Sendable {
    /// Its 32 bytes, as four numbers in big-endian order: thousands are compared and hashed, few are written out.
    private let words: (UInt64, UInt64, UInt64, UInt64)

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
        self.init(hex: hex)
    }

    /// - Precondition: `hex` has been checked.
    init(hex: some StringProtocol) {
        var (bytes, high): ([UInt8], UInt8?) = ([], nil)
        bytes.reserveCapacity(32)
        for digit in hex.utf8 {
            let value = digit < UInt8(ascii: "a") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
            if let first = high { bytes.append(first << 4 | value) }
            high = high == nil ? value : nil
        }
        self.init(bytes: bytes)
    }

    /// The digest with these 32 bytes.
    ///
    /// - Precondition: `bytes` are the 32 bytes of a SHA-256.
    package init(bytes: some Collection<UInt8>) {
        words = bytes.withContiguousStorageIfAvailable(Self.words) ?? Array(bytes).withUnsafeBufferPointer(Self.words)
    }

    private static func words(_ bytes: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64, UInt64, UInt64) {
        precondition(bytes.count == 32)
        let raw = UnsafeRawBufferPointer(bytes)
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        }
        return (word(0), word(1), word(2), word(3))
    }

    /// The 32 bytes that the digits stand for.
    package var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }

    /// The 64 digits without the algorithm.
    package var hex: String {
        let words = [words.0, words.1, words.2, words.3]
        return String(unsafeUninitializedCapacity: 64) { digits in
            for index in 0..<64 {
                let value = UInt8(truncatingIfNeeded: words[index / 16] >> UInt64(60 - index % 16 * 4)) & 15
                digits[index] = value < 10 ? value + UInt8(ascii: "0") : value - 10 + UInt8(ascii: "a")
            }
            return 64
        }
    }

    /// The first 12 digits, for names and tables.
    package var short: String { String(hex.prefix(12)) }

    static func isLowerHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

extension Digest {
    package static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        // All bits of a digest are as good as any others.
        hasher.combine(words.0)
    }
}

extension Digest: TextCodable {
    package var description: String { "sha256:\(hex)" }
}
