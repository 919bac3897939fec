/// The types of JSON Schema, as a set.
struct JSONTypes: OptionSet, Sendable {
    let rawValue: Int

    static let null = Self(rawValue: 1 << 0)
    static let boolean = Self(rawValue: 1 << 1)
    static let integer = Self(rawValue: 1 << 2)
    static let number = Self(rawValue: 1 << 3)
    static let string = Self(rawValue: 1 << 4)
    static let array = Self(rawValue: 1 << 5)
    static let object = Self(rawValue: 1 << 6)

    private static let names: [(String, JSONTypes)] = [
        ("null", .null), ("boolean", .boolean), ("integer", .integer), ("number", .number), ("string", .string),
        ("array", .array), ("object", .object),
    ]

    init(rawValue: Int) {
        self.rawValue = rawValue
    }

    init?(named name: String) {
        guard let entry = Self.names.first(where: { $0.0 == name }) else { return nil }
        self = entry.1
    }

    /// `integer or string`.
    var description: String {
        let names = Self.names.filter { contains($0.1) }.map(\.0)
        guard let last = names.last, names.count > 1 else { return names.first ?? "nothing" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }
}

extension JSONValue {
    /// Every type that the value is of: `1.0` is an integer and a number.
    var types: JSONTypes {
        switch self {
        case .null: .null
        case .bool: .boolean
        case .integer: [.integer, .number]
        case .number(let value): value.isIntegral ? [.integer, .number] : .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// The name of its narrowest type.
    var typeName: String {
        let types = types
        return types.contains(.integer) ? "integer" : types.description
    }
}

extension Double {
    /// Whether the number has no fraction; no double above 2^53 has one.
    fileprivate var isIntegral: Bool { isFinite && (magnitude >= 0x1p53 || exactInteger != nil) }
}
