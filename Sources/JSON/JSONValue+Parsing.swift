extension JSONValue {
    /// How deep arrays and objects may be nested in a text. Bounds the stack, not what anybody writes.
    package static let depthLimit = 512

    /// Parses one JSON text: exactly RFC 8259, nothing before or after it but white space.
    ///
    /// - Throws: `JSONError` with the place: `syntax`, `encoding`, `duplicateName`, `depth`, `numberRange`.
    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: text.utf8)
    }

    /// Parses one JSON text given as UTF-8 bytes. A byte order mark is refused, as RFC 8259 section 8.1 lets a reader do.
    ///
    /// - Throws: `JSONError`, as above.
    package init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
        var parser = JSONParser(bytes: Array(bytes))
        self = try parser.parseText()
    }
}
