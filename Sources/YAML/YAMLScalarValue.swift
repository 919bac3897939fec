/// What a scalar stands for by the core schema of YAML 1.2 (section 10.3.2): `no` is a string, `1e3` a number.
package enum YAMLScalarValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
}

extension YAMLNode {
    /// The value of a scalar node, `nil` for a sequence or a mapping.
    package var value: YAMLScalarValue? {
        guard let scalar else { return nil }
        switch tag {
        case nil: return scalar.style == .plain ? YAMLScalarValue(core: scalar.text) : .string(scalar.text)
        case "tag:yaml.org,2002:str", "!": return .string(scalar.text)
        default: return YAMLScalarValue(core: scalar.text)
        }
    }
}

extension YAMLScalarValue {
    /// Resolves a plain scalar.
    init(core text: String) {
        // Most plain scalars are words, which the first letter tells apart from all that means something else.
        guard let first = text.utf8.first else {
            self = .null
            return
        }
        guard first < 0x3A || "~nNtTfF".utf8.contains(first) else {
            self = .string(text)
            return
        }
        switch text {
        case "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .bool(true)
        case "false", "False", "FALSE": self = .bool(false)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": self = .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": self = .number(-.infinity)
        case ".nan", ".NaN", ".NAN": self = .number(.nan)
        default: self = Self.number(in: text) ?? .string(text)
        }
    }

    private static func number(in text: String) -> YAMLScalarValue? {
        guard let first = text.utf8.first, first < 0x3A else { return nil }
        if text.hasPrefix("0x") {
            return digits(text.dropFirst(2), radix: 16)
        }
        if text.hasPrefix("0o") {
            return digits(text.dropFirst(2), radix: 8)
        }
        var rest = text.utf8[...]
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
        let whole = takeDigits(&rest)
        if rest.isEmpty, whole > 0 {
            return Int64(text.first == "+" ? String(text.dropFirst()) : text).map(Self.integer)
                ?? Double(text).map(Self.number)
        }
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = takeDigits(&rest)
        }
        guard whole + fraction > 0 else { return nil }
        if let mark = rest.first, mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") {
            rest.removeFirst()
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
            guard takeDigits(&rest) > 0 else { return nil }
        }
        guard rest.isEmpty else { return nil }
        return Double(text).map(Self.number)
    }

    private static func takeDigits(_ rest: inout Substring.UTF8View) -> Int {
        let count = rest.prefix { (48...57).contains($0) }.count
        rest.removeFirst(count)
        return count
    }

    private static func digits(_ text: Substring, radix: Int) -> YAMLScalarValue? {
        guard let first = text.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "+") else { return nil }
        return Int64(text, radix: radix).map(Self.integer)
    }
}
