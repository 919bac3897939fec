extension JSONValue {
    /// The shortest text: no white space, names in the order of their UTF-16 code units as in RFC 8785.
    ///
    /// Integers keep all their digits, so that parsing it gives this value again. A number that is not finite (only
    /// code can make one) becomes `null`, as ECMAScript's `JSON.stringify` has it.
    package var compact: String {
        var writer = JSONWriter()
        writer.write(self)
        return writer.output
    }

    /// The text for people: two spaces a level, names in the same order, no final newline.
    package var pretty: String {
        var writer = JSONWriter(isIndenting: true)
        writer.write(self)
        return writer.output
    }

    /// The canonical text of RFC 8785 (JCS), for hashing.
    ///
    /// - Throws: `JSONError.Code.numberRange` for a number that is not finite and for an integer that no double holds
    ///   exactly: RFC 8785 section 3.1 wants such data in a string.
    package func canonical() throws(JSONError) -> String {
        try checkCanonical()
        var writer = JSONWriter(isCanonical: true)
        writer.write(self)
        return writer.output
    }

    private func checkCanonical() throws(JSONError) {
        switch self {
        case .null, .bool, .string: return
        case .integer(let value):
            guard Double(exactly: value) != nil else {
                throw JSONError(.numberRange, "an integer is beyond what a double holds exactly: write it as a string")
            }
        case .number(let value):
            guard value.isFinite else { throw JSONError(.numberRange, "a number is not finite") }
        case .array(let elements):
            for element in elements { try element.checkCanonical() }
        case .object(let members):
            for member in members.values { try member.checkCanonical() }
        }
    }
}
