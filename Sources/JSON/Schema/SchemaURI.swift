/// A URI reference in its five parts (RFC 3986), to resolve `$id` and `$ref`. Any text is one: nothing is refused.
struct SchemaURI: CustomStringConvertible {
    private var scheme: Substring?
    private var authority: Substring?
    private var path: String
    private var query: Substring?
    /// Still percent-encoded.
    private(set) var fragment: Substring?

    /// Splits the text as RFC 3986 appendix B does.
    init(_ text: String) {
        var rest = text[...]
        if let hash = rest.firstIndex(of: "#") {
            fragment = rest[rest.index(after: hash)...]
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        if let end = rest.firstIndex(where: { $0 == ":" || $0 == "/" }), rest[end] == ":", end != rest.startIndex {
            scheme = rest[..<end]
            rest = rest[rest.index(after: end)...]
        }
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: "/") ?? rest.endIndex
            authority = rest[..<end]
            rest = rest[end...]
        }
        path = String(rest)
    }

    /// The target of a reference that stands at this URI (section 5.2.2).
    func resolving(_ reference: String) -> SchemaURI {
        var target = SchemaURI(reference)
        if target.scheme != nil {
            target.path = Self.removingDotSegments(target.path)
            return target
        }
        target.scheme = scheme
        if target.authority != nil {
            target.path = Self.removingDotSegments(target.path)
            return target
        }
        target.authority = authority
        if target.path.isEmpty {
            target.path = path
            target.query = target.query ?? query
        } else if target.path.hasPrefix("/") {
            target.path = Self.removingDotSegments(target.path)
        } else {
            target.path = Self.removingDotSegments(directory + target.path)
        }
        return target
    }

    /// What a relative path is appended to (section 5.2.3).
    private var directory: Substring {
        if authority != nil, path.isEmpty { return "/" }
        return path.lastIndex(of: "/").map { path[...$0] } ?? ""
    }

    /// Section 5.2.4; `..` above the top is dropped.
    private static func removingDotSegments(_ path: String) -> String {
        guard path.contains("/") || path.hasPrefix(".") else { return path }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        var kept: [Substring] = []
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            if segment == ".." {
                if kept.count > 1 || (kept.count == 1 && kept[0] != "") { kept.removeLast() }
                if isLast { kept.append("") }
            } else if segment == "." {
                if isLast { kept.append("") }
            } else {
                kept.append(segment)
            }
        }
        return kept.joined(separator: "/")
    }

    /// The URI of the resource alone.
    var withoutFragment: SchemaURI {
        var uri = self
        uri.fragment = nil
        return uri
    }

    var description: String {
        var text = scheme.map { $0 + ":" } ?? ""
        if let authority { text += "//" + authority }
        text += path
        if let query { text += "?" + query }
        if let fragment { text += "#" + fragment }
        return text
    }

    /// The fragment with `%41` decoded; `nil` if there is none or it is not UTF-8.
    var decodedFragment: String? {
        guard let fragment else { return nil }
        guard fragment.utf8.contains(UInt8(ascii: "%")) else { return String(fragment) }
        var bytes: [UInt8] = []
        var rest = fragment.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) {
                rest = rest.dropFirst(2)
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
