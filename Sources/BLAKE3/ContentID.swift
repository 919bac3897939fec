/// The name of some bytes: `b3:` and the 64 lower-case hexadecimal digits of their BLAKE3 hash.
package struct ContentID: Hashable, Sendable {
    /// The 64 digits without the algorithm.
    package let hex: String

    /// The id of these bytes.
    package init(of bytes: some Collection<UInt8>) {
        var hasher = ContentHasher()
        hasher.update(bytes)
        self = hasher.contentID
    }

    /// Parses the text form.
    ///
    /// - Throws: `MalformedContentID` for another algorithm, length or letter case.
    package init(_ text: String) throws(MalformedContentID) {
        let digits = text.utf8.dropFirst(3)
        guard text.utf8.starts(with: "b3:".utf8), digits.count == 64,
            digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }),
            let hex = String(digits)
        else { throw MalformedContentID() }
        self.hex = hex
    }

    init(hash: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension ContentID: CustomStringConvertible {
    package var description: String { "b3:\(hex)" }
}

/// A text that is no `ContentID`.
package struct MalformedContentID: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String { "a content id is 'b3:' and 64 lower-case hexadecimal digits" }
}
