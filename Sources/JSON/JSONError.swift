/// Why a text is no JSON, or a value has no canonical form.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// Not the grammar of RFC 8259: a wrong byte, an early end, something after the value.
        case syntax
        /// Not UTF-8, or an escape that names half a surrogate pair.
        case encoding
        /// A name twice in one object.
        case duplicateName
        /// Nested deeper than `JSONValue.depthLimit`.
        case depth
        /// A number too large for a double, or one that a double can't hold and the canonical form needs.
        case numberRange
        /// A JSON pointer that is not written as RFC 6901 wants.
        case pointer
    }

    /// Where in the text: all in bytes of UTF-8, line and column counted from 1.
    package struct Place: Sendable, Hashable {
        package let offset: Int
        package let line: Int
        package let column: Int
    }

    package let code: Code
    /// One sentence; it may hold a name of an object, never a value.
    package let message: String
    /// `nil` where there is no text to point at.
    package let place: Place?

    package init(_ code: Code, _ message: String, at place: Place? = nil) {
        self.code = code
        self.message = message
        self.place = place
    }

    package var description: String {
        place.map { "\($0.line):\($0.column): \(message)" } ?? message
    }
}

extension JSONError.Place {
    init(offset: Int, in bytes: [UInt8]) {
        let before = bytes[..<min(offset, bytes.count)]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        self.init(
            offset: offset,
            line: 1 + before.count { $0 == UInt8(ascii: "\n") },
            column: 1 + before.count - lineStart)
    }
}
