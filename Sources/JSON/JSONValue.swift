/// A JSON text as a value (RFC 8259).
///
/// Equality is JSON's and not Swift's: numbers are equal by mathematical value, whichever case holds them (`1` equals
/// `1.0`), and strings and names by code points, so that two spellings that Unicode calls equivalent stay different.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number. Parsing yields finite ones only.
    case number(Double)
    case string(String)
    case array([JSONValue])
    /// Names are unique. Two names that differ only in Unicode normalisation can't be held together: Swift's
    /// dictionary takes them for one, so parsing refuses such a text as a duplicate name.
    case object([String: JSONValue])
}

extension JSONValue: Hashable {
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.integer(let a), .number(let b)), (.number(let b), .integer(let a)): b.exactInteger == a
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): haveEqualMembers(a, b)
        default: false
        }
    }

    private static func haveEqualMembers(_ a: [String: JSONValue], _ b: [String: JSONValue]) -> Bool {
        a.count == b.count
            && a.allSatisfy { name, value in
                guard let index = b.index(forKey: name) else { return false }
                return b[index].key.utf8.elementsEqual(name.utf8) && b[index].value == value
            }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .number(let value):
            // Must agree with `==` across the two number cases.
            if let integer = value.exactInteger { hasher.combine(integer) } else { hasher.combine(value) }
        case .string(let value): hasher.combine(value)
        case .array(let values): hasher.combine(values)
        case .object(let members): hasher.combine(members)
        }
    }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    /// A name that is given twice keeps its last value, so that no literal can trap.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}
