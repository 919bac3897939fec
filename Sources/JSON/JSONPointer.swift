/// A place inside a JSON value (RFC 6901), in string form: `/a/0/b~1c`; the empty pointer is the whole value.
package struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    /// The reference tokens, unescaped.
    package let tokens: [String]

    package init(tokens: [String] = []) {
        self.tokens = tokens
    }

    /// Parses the string form.
    ///
    /// - Throws: `JSONError.Code.pointer` for a text that neither is empty nor starts with `/`, and for a `~` that is
    ///   followed by neither `0` nor `1`.
    package init(parsing text: String) throws(JSONError) {
        if text.isEmpty {
            tokens = []
            return
        }
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw JSONError(.pointer, "a JSON pointer starts with '/' or is empty")
        }
        var tokens: [String] = []
        // By scalars: a combining mark after '/' or '~' would hide it inside one Character.
        for escaped in text.unicodeScalars.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            tokens.append(try Self.unescape(escaped))
        }
        self.tokens = tokens
    }

    private static func unescape(_ escaped: Substring.UnicodeScalarView) throws(JSONError) -> String {
        var token = ""
        var rest = escaped
        while let scalar = rest.popFirst() {
            switch scalar {
            case "~":
                switch rest.popFirst() {
                case "0": token.unicodeScalars.append("~")
                case "1": token.unicodeScalars.append("/")
                default: throw JSONError(.pointer, "a '~' in a JSON pointer is followed by 0 or 1")
                }
            default: token.unicodeScalars.append(scalar)
            }
        }
        return token
    }

    /// This pointer, one member further in.
    package func appending(_ token: String) -> JSONPointer { JSONPointer(tokens: tokens + [token]) }

    /// This pointer, one element further in.
    package func appending(_ index: Int) -> JSONPointer { appending(String(index)) }

    /// The string form.
    package var description: String {
        tokens.map { token in
            var escaped = "/"
            for scalar in token.unicodeScalars {
                switch scalar {
                case "~": escaped += "~0"
                case "/": escaped += "~1"
                default: escaped.unicodeScalars.append(scalar)
                }
            }
            return escaped
        }.joined()
    }
}

extension JSONValue {
    /// The value that the pointer names; `nil` where there is none. `-`, the element after the last, names none.
    package subscript(pointer: JSONPointer) -> JSONValue? {
        var value = self
        for token in pointer.tokens {
            let next: JSONValue? =
                switch value {
                case .object(let members): members[token]
                case .array: JSONPointer.index(token).flatMap { value[$0] }
                default: nil
                }
            guard let next else { return nil }
            value = next
        }
        return value
    }
}

extension JSONPointer {
    /// RFC 6901 section 4: decimal digits without a leading zero.
    fileprivate static func index(_ token: String) -> Int? {
        let digits = token.utf8
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        return Int(token)
    }
}
