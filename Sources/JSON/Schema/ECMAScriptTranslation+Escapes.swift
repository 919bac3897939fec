extension ECMAScriptTranslation {
    /// What an escape stands for.
    private enum Escape {
        case character(UInt32)
        /// The members of a class as they stand in brackets, and whether it has all others instead.
        case members(String, isInverted: Bool)
        /// A class with a syntax of its own.
        case property(String)
        case reference(Int?)
    }

    private static let digits = "0-9"
    private static let words = "A-Za-z0-9_"
    /// `WhiteSpace` and `LineTerminator` of ECMA-262.
    private static let spaces =
        "\\u{9}-\\u{D}\\u{20}\\u{A0}\\u{1680}\\u{2000}\\u{2001}\\u{2002}-\\u{200A}\\u{2028}\\u{2029}\\u{202F}\\u{205F}\\u{3000}\\u{FEFF}"

    /// Writes an escape outside of brackets; its `\` is read.
    mutating func translateEscape() throws(SchemaPattern.Failure) {
        switch try readEscape() {
        case .character(let value): output += Unicode.Scalar(value).map(Self.literal) ?? Self.nothing
        case .members(let members, let isInverted): output += isInverted ? "[^\(members)]" : "[\(members)]"
        case .property(let text): output += text
        case .reference(let number): try translateReference(number)
        }
    }

    private mutating func readEscape() throws(SchemaPattern.Failure) -> Escape {
        guard let scalar = next else { throw failure("it ends with a '\\'") }
        position += 1
        switch scalar {
        case "d", "D": return .members(Self.digits, isInverted: scalar == "D")
        case "w", "W": return .members(Self.words, isInverted: scalar == "W")
        case "s", "S": return .members(Self.spaces, isInverted: scalar == "S")
        case "t": return .character(0x09)
        case "n": return .character(0x0A)
        case "v": return .character(0x0B)
        case "f": return .character(0x0C)
        case "r": return .character(0x0D)
        case "c": return .character(try readControl())
        case "x": return .character(try readHexadecimal(digits: 2))
        case "u": return .character(try readCodePoint())
        case "p", "P": return .property(try readProperty(scalar))
        case "0" where next.map(Self.isDigit) != true: return .character(0)
        case "1"..."9": return .reference(readNumber(startingWith: scalar))
        case "k":
            guard skip("<"), let name = try name(until: ">") else { throw failure("no '<name>' follows '\\k'") }
            return .reference(group(named: name))
        default:
            guard !scalar.properties.isAlphabetic, !Self.isDigit(scalar) else {
                throw failure("there is no escape '\\\(scalar)'")
            }
            return .character(scalar.value)
        }
    }

    private mutating func readControl() throws(SchemaPattern.Failure) -> UInt32 {
        guard let letter = next, ("a"..."z").contains(letter) || ("A"..."Z").contains(letter) else {
            throw failure("no letter follows '\\c'")
        }
        position += 1
        return letter.value % 32
    }

    private mutating func readHexadecimal(digits count: Int) throws(SchemaPattern.Failure) -> UInt32 {
        let digits = scalars[position...].prefix(count)
        guard digits.count == count, digits.allSatisfy(\.properties.isASCIIHexDigit),
            let value = UInt32(Self.text(digits), radix: 16)
        else { throw failure("\(count) hexadecimal digits are wanted") }
        position += count
        return value
    }

    /// `\u0041`, `\u{41}`, or two halves of a surrogate pair.
    private mutating func readCodePoint() throws(SchemaPattern.Failure) -> UInt32 {
        if skip("{") {
            let digits = scalars[position...].prefix { $0 != "}" }
            guard !digits.isEmpty, digits.allSatisfy(\.properties.isASCIIHexDigit),
                let value = UInt32(Self.text(digits), radix: 16), value <= 0x10FFFF
            else { throw failure("no code point follows '\\u{'") }
            position += digits.count
            guard skip("}") else { throw failure("a '\\u{' has no '}'") }
            return value
        }
        let first = try readHexadecimal(digits: 4)
        guard (0xD800...0xDBFF).contains(first), scalars[position...].starts(with: ["\\", "u"]) else { return first }
        let start = position
        position += 2
        let second = try readHexadecimal(digits: 4)
        if (0xDC00...0xDFFF).contains(second) { return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00) }
        position = start
        return first
    }

    /// `\p{Letter}` and the like. Only the three properties that have values in ECMA-262: others mean something else to
    /// `Regex`. It knows the names.
    private mutating func readProperty(_ letter: Unicode.Scalar) throws(SchemaPattern.Failure) -> String {
        guard skip("{") else { throw failure("no '{' follows '\\\(letter)'") }
        let content = Self.text(scalars[position...].prefix { $0 != "}" })
        position += content.unicodeScalars.count
        guard skip("}") else { throw failure("a '\\\(letter){' has no '}'") }
        let parts = content.split(separator: "=", omittingEmptySubsequences: false)
        let keys = ["Script", "sc", "Script_Extensions", "scx", "General_Category", "gc"]
        let isName = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { $0 == UInt8(ascii: "_") || Character(Unicode.Scalar($0)).isWord }
        }
        guard isName, parts.count == 1 || (parts.count == 2 && keys.contains(String(parts[0]))) else {
            throw failure("there is no property '\(content)'")
        }
        return "\\\(letter){\(content)}"
    }

    private mutating func readNumber(startingWith digit: Unicode.Scalar) -> Int? {
        let digits = [digit] + scalars[position...].prefix(while: Self.isDigit)
        position += digits.count - 1
        return Int(Self.text(digits))
    }
}

// Brackets

extension ECMAScriptTranslation {
    private static let nothing = "[^\\u{0}-\\u{10FFFF}]"
    private static let anything = "[\\u{0}-\\u{10FFFF}]"

    /// Writes a class; its `[` is read.
    mutating func translateClass() throws(SchemaPattern.Failure) {
        let isInverted = skip("^")
        var members = ""
        while let scalar = next, scalar != "]" {
            let member = try readMember()
            guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                members += Self.member(member)
                continue
            }
            position += 1
            let last = try readMember()
            if case .character(let from) = member, case .character(let to) = last {
                guard from <= to else { throw failure("a range in brackets ends before it starts") }
                members += Self.range(from, to)
            } else {
                members += Self.member(member) + Self.literal("-") + Self.member(last)
            }
        }
        guard skip("]") else { throw failure("a '[' has no ']'") }
        if members.isEmpty {
            output += isInverted ? Self.anything : Self.nothing
        } else {
            output += (isInverted ? "[^" : "[") + members + "]"
        }
    }

    private mutating func readMember() throws(SchemaPattern.Failure) -> Escape {
        guard let scalar = next else { throw failure("a '[' has no ']'") }
        position += 1
        guard scalar == "\\" else { return .character(scalar.value) }
        if skip("b") { return .character(0x08) }
        let escape = try readEscape()
        if case .reference = escape { throw failure("a reference stands in brackets") }
        return escape
    }

    private static func member(_ escape: Escape) -> String {
        switch escape {
        case .character(let value): range(value, value)
        case .members(let members, let isInverted): isInverted ? "[^\(members)]" : members
        case .property(let text): text
        case .reference: ""
        }
    }

    /// A range without the surrogates in it, which no text has.
    private static func range(_ from: UInt32, _ to: UInt32) -> String {
        let first = (0xD800...0xDFFF).contains(from) ? 0xE000 : from
        let last = (0xD800...0xDFFF).contains(to) ? 0xD7FF : to
        guard first <= last, var first = Unicode.Scalar(first), var last = Unicode.Scalar(last) else { return "" }
        var ends = ""
        // The characters at either end that can't bound a range are told one by one.
        while first < last, !canBound(first), let next = Unicode.Scalar(first.value + 1) {
            ends += literal(first)
            first = next
        }
        while first < last, !canBound(last), let previous = Unicode.Scalar(last.value - 1) {
            ends += literal(last)
            last = previous
        }
        return ends + (first == last ? literal(first) : "\(literal(first))-\(literal(last))")
    }

    /// `Regex` refuses a bound that normalises to something else, such as U+212A, and the standard library tells nobody
    /// which those are.
    private static func canBound(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII || (try? Regex("[\(literal(scalar))-\(literal(scalar))]")) != nil
    }
}

extension Character {
    fileprivate var isWord: Bool { isASCII && (isLetter || isNumber) }
}
