/// Where to connect and what to ask for.
package struct WebSocketRequest: Hashable, Sendable {
    /// Whether the URL says `wss`.
    package let isSecure: Bool
    /// Without brackets, where it is an IPv6 address.
    package let host: String
    package let port: Int
    /// Path and query.
    package let target: String
    /// The subprotocol that the server must select.
    package let subprotocol: String
    /// Further header fields. Values may be secret; no error repeats them.
    package let headers: [String: String]

    /// Takes a URL apart: `ws://host[:port][/path][?query]`, likewise `wss`.
    ///
    /// - Throws: `WebSocketError.Kind.connect` for any other text, and for header fields that HTTP can't carry.
    package init(url: String, subprotocol: String, headers: [String: String] = [:]) throws(WebSocketError) {
        var rest = Substring(url)
        if rest.hasPrefix("ws://") {
            isSecure = false
        } else if rest.hasPrefix("wss://") {
            isSecure = true
        } else {
            throw WebSocketError(.connect, "a WebSocket URL starts with ws:// or wss://")
        }
        rest = rest.dropFirst(isSecure ? 6 : 5)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest.dropFirst(authority.count)
        guard let address = Self.address(authority),
            target.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 })
        else {
            throw WebSocketError(.connect, "a WebSocket URL is ws://host[:port][/path][?query], in visible ASCII")
        }
        guard Self.isToken(subprotocol), headers.allSatisfy({ Self.isToken($0.key) && Self.isFieldValue($0.value) })
        else {
            throw WebSocketError(.connect, "a header field of the WebSocket request has a character that HTTP forbids")
        }
        self.host = address.host
        self.port = address.port ?? (isSecure ? 443 : 80)
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
        self.subprotocol = subprotocol
        self.headers = headers
    }

    /// The URL without the query, which may be secret.
    package var origin: String { "\(isSecure ? "wss" : "ws")://\(authority)\(target.prefix { $0 != "?" })" }

    /// The value of the `Host` field.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    private static func address(_ authority: Substring) -> (host: String, port: Int?)? {
        var host = authority
        var port: Int?
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return nil }
            port = Int(number)
            host = authority[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit || $0 == 0x3A || $0 == 0x2E })
            else { return nil }
        } else {
            guard host.utf8.allSatisfy({ isTokenByte($0) }) else { return nil }
        }
        return host.isEmpty ? nil : (String(host), port)
    }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isTokenByte) }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func isFieldValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
    }
}
