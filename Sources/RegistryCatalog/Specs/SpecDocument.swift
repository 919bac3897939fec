import JSON

/// A whole spec as JSON: the value that was read, or its canonical text (RFC 8785), which says the same in less space.
enum SpecDocument: Sendable {
    case value(JSONValue)
    case text(String)

    var json: JSONValue {
        switch self {
        case .value(let value): value
        // It was written from a value, and what it lay in since is checked by its hash.
        case .text(let text): (try? JSONValue(parsing: text)) ?? .null
        }
    }

    /// - Throws: `JSONError` for a value that has no canonical form.
    func canonical() throws(JSONError) -> String {
        switch self {
        case .value(let value): try value.canonical()
        case .text(let text): text
        }
    }
}
