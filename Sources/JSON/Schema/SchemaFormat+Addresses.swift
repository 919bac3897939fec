extension SchemaFormat {
    /// Four decimal numbers up to 255, without leading zeros.
    static func isIPv4(_ text: ArraySlice<UInt8>) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.allSatisfy(isDigit) else { return false }
                guard part.count == 1 || part.first != UInt8(ascii: "0") else { return false }
                return part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } < 256
            }
    }

    /// RFC 4291 section 2.2; without a zone.
    static func isIPv6(_ text: ArraySlice<UInt8>) -> Bool {
        let colon = UInt8(ascii: ":")
        var groups = text.split(separator: colon, omittingEmptySubsequences: false)
        guard groups.count >= 3, groups.count <= 9 else { return false }
        var count = 0
        if let last = groups.last, last.contains(UInt8(ascii: ".")) {
            guard isIPv4(last) else { return false }
            groups.removeLast()
            count += 2
        }
        // `::` stands at either end as two empty groups and in the middle as one.
        var gaps = groups.count { $0.isEmpty }
        if gaps > 0, groups[0].isEmpty {
            guard groups.count > 1, groups[1].isEmpty else { return false }
            gaps -= 1
        }
        if gaps > 0, count == 0, groups[groups.count - 1].isEmpty {
            guard groups[groups.count - 2].isEmpty else { return false }
            gaps -= 1
        }
        let written = groups.filter { !$0.isEmpty }
        guard gaps <= 1, written.allSatisfy({ $0.count <= 4 && $0.allSatisfy(isHexDigit) }) else { return false }
        count += written.count
        return gaps == 1 ? count < 8 : count == 8
    }

    /// RFC 1123 section 2.1: labels of letters, digits and inner hyphens. An `xn--` label isn't decoded.
    static func isHostname(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.count <= 253 else { return false }
        let hyphen = UInt8(ascii: "-")
        return text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
                && label.allSatisfy { isLetter($0) || isDigit($0) || $0 == hyphen }
        }
    }

    /// RFC 5321 `Mailbox`.
    static func isEmail(_ text: [UInt8]) -> Bool {
        guard let at = text.lastIndex(of: UInt8(ascii: "@")) else { return false }
        return isLocalPart(text[..<at]) && isMailDomain(text[(at + 1)...])
    }

    private static func isLocalPart(_ text: ArraySlice<UInt8>) -> Bool {
        let quote = UInt8(ascii: "\"")
        if text.count >= 2, text.first == quote, text.last == quote {
            var rest = text.dropFirst().dropLast()
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "\\"), rest.popFirst() == nil { return false }
                guard (0x20...0x7E).contains(byte), byte != quote else { return false }
            }
            return true
        }
        let marks = Array("!#$%&'*+-/=?^_`{|}~".utf8)
        return text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty && atom.allSatisfy { isLetter($0) || isDigit($0) || marks.contains($0) }
        }
    }

    private static func isMailDomain(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else { return isHostname(text) }
        let literal = text.dropFirst().dropLast()
        let prefix = Array("IPv6:".utf8)
        return literal.starts(with: prefix) ? isIPv6(literal.dropFirst(prefix.count)) : isIPv4(literal)
    }

    /// RFC 4122 section 3, of any version.
    static func isUUID(_ text: [UInt8]) -> Bool {
        let groups = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.allSatisfy(isHexDigit) }
    }
}
