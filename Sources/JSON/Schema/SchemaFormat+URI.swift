extension SchemaFormat {
    /// RFC 3986 `URI`, or `URI-reference` if it needn't be absolute.
    static func isURI(_ text: [UInt8], isAbsolute: Bool) -> Bool {
        var rest = text[...]
        if let hash = rest.firstIndex(of: UInt8(ascii: "#")) {
            guard isEncoded(rest[(hash + 1)...], also: "/?:@") else { return false }
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            guard isEncoded(rest[(mark + 1)...], also: "/?:@") else { return false }
            rest = rest[..<mark]
        }
        let colon = rest.firstIndex(of: UInt8(ascii: ":"))
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        if let colon, colon < slash {
            // A relative path can't have a colon before its first slash: it would be taken for a scheme.
            guard isScheme(rest[..<colon]) else { return false }
            rest = rest[(colon + 1)...]
        } else if isAbsolute {
            return false
        }
        if rest.starts(with: "//".utf8) {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            guard isAuthority(rest[..<end]) else { return false }
            rest = rest[end...]
        }
        return isEncoded(rest, also: "/:@")
    }

    private static func isScheme(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, isLetter(first) else { return false }
        return text.allSatisfy { isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) }
    }

    private static func isAuthority(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        if let at = rest.lastIndex(of: UInt8(ascii: "@")) {
            guard isEncoded(rest[..<at], also: ":") else { return false }
            rest = rest[(at + 1)...]
        }
        let hostEnd = rest.lastIndex(of: UInt8(ascii: "]"))
        if let colon = rest.lastIndex(of: UInt8(ascii: ":")), colon > hostEnd ?? -1 {
            guard rest[(colon + 1)...].allSatisfy(isDigit) else { return false }
            rest = rest[..<colon]
        }
        guard rest.first == UInt8(ascii: "[") else { return isEncoded(rest, also: "") }
        guard rest.last == UInt8(ascii: "]") else { return false }
        let literal = rest.dropFirst().dropLast()
        return isIPv6(literal) || isFutureAddress(literal)
    }

    /// `IPvFuture`: `v1.fe80`.
    private static func isFutureAddress(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, first | 0x20 == UInt8(ascii: "v") else { return false }
        let parts = text.dropFirst().split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && parts[0].allSatisfy(isHexDigit)
            && !parts[1].isEmpty && !parts[1].contains(UInt8(ascii: "%")) && isEncoded(parts[1], also: ":")
    }

    /// Whether the text has only unreserved characters, `sub-delims`, `%41` and the characters given.
    private static func isEncoded(_ text: ArraySlice<UInt8>, also extra: StaticString) -> Bool {
        let allowed = Array("-._~!$&'()*+,;=\(extra)".utf8)
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                let digits = rest.prefix(2)
                guard digits.count == 2, digits.allSatisfy(isHexDigit) else { return false }
                rest = rest.dropFirst(2)
            } else if !isLetter(byte), !isDigit(byte), !allowed.contains(byte) {
                return false
            }
        }
        return true
    }
}
