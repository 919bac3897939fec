import JSON

/// A whole spec as JSON: the value that was read, or its canonical text (RFC 8785) in UTF-8, which says the same in less space.
enum SpecDocument: Sendable {
    case value(JSONValue)
    case text(ArraySlice<UInt8>)

    var json: JSONValue {
        switch self {
        case .value(let value): value
        // It was written from a value, and what it lay in since is checked by its hash.
        case .text(let text): (try? JSONValue(parsing: text)) ?? .null
        }
    }

    /// The canonical text, in UTF-8.
    ///
    /// - Throws: `JSONError` for a value that has no canonical form.
    func canonical() throws(JSONError) -> ArraySlice<UInt8> {
        switch self {
        case .value(let value): Array(try value.canonical().utf8)[...]
        case .text(let text): text
        }
    }
}
