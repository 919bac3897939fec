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

    /// - Precondition: `hex` has been checked.
    init(hex: String) { self.hex = hex }

    /// The digest with these 32 bytes.
    ///
    /// - Precondition: `bytes` are the 32 bytes of a SHA-256.
    package init(bytes: some Collection<UInt8>) {
        precondition(bytes.count == 32)
        hex = bytes.withContiguousStorageIfAvailable(Self.hex) ?? Array(bytes).withUnsafeBufferPointer(Self.hex)
    }

    private static func hex(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        String(unsafeUninitializedCapacity: 64) { digits in
            for index in 0..<32 {
                digits[2 * index] = digit(bytes[index] >> 4)
                digits[2 * index + 1] = digit(bytes[index] & 15)
            }
            return 64
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? value + UInt8(ascii: "0") : value - 10 + UInt8(ascii: "a")
    }

    /// The 32 bytes that the digits stand for.
    package var bytes: [UInt8] {
        func value(_ digit: UInt8) -> UInt8 {
            digit < UInt8(ascii: "a") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var high: UInt8?
        for digit in hex.utf8 {
            if let first = high { bytes.append(first << 4 | value(digit)) }
            high = high == nil ? value(digit) : nil
        }
        return bytes
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
