/// Header fields in the order in which they were sent; names compare without case (RFC 9110, 5.1), and a name may occur
/// several times.
package struct HTTPHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// One field line.
    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The fields as they came.
    package private(set) var fields: [Field] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field(name: $0.0, value: $0.1) }
    }

    /// The first value of a name; assigning replaces every field of that name.
    package subscript(name: String) -> String? {
        get { fields.first { $0.name.isSameFieldName(as: name) }?.value }
        set {
            fields.removeAll { $0.name.isSameFieldName(as: name) }
            if let newValue { fields.append(Field(name: name, value: newValue)) }
        }
    }

    /// All values of a name, in order.
    package func values(_ name: String) -> [String] {
        fields.filter { $0.name.isSameFieldName(as: name) }.map(\.value)
    }

    /// Adds a field and leaves those of the same name alone.
    package mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// These headers without the named ones.
    package func removing(_ names: [String]) -> HTTPHeaders {
        var copy = self
        copy.fields.removeAll { field in names.contains { $0.isSameFieldName(as: field.name) } }
        return copy
    }

    /// The first field that could smuggle another header or request into the connection, if there is one: a name that is
    /// no token, or a value with a line end or NUL (RFC 9110, 5.5 and 5.6.2).
    var firstMalformed: Field? {
        fields.first { field in
            field.name.isEmpty || !field.name.utf8.allSatisfy(isTokenByte)
                || field.value.utf8.contains { $0 == 0 || $0 == 0x0A || $0 == 0x0D }
        }
    }
}

private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

extension String {
    /// ASCII comparison without case.
    func isSameFieldName(as other: String) -> Bool {
        utf8.elementsEqual(other.utf8) { foldCase($0) == foldCase($1) }
    }
}

private func foldCase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
