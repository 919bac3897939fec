/// A strict reader of RFC 8259.
///
/// FoundationEssentials' decoder can't do its job: it takes the first of two equal names without a word, gives no
/// place for what it refuses, and loses whether a number was written as an integer.
struct JSONParser {
    let bytes: [UInt8]
    var position = 0
    private var depth = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func parseText() throws(JSONError) -> JSONValue {
        let value = try parseValue()
        skipWhitespace()
        guard position == bytes.count else { throw failure(.syntax, "something follows the end of the JSON value") }
        return value
    }

    private mutating func parseValue() throws(JSONError) -> JSONValue {
        skipWhitespace()
        switch current {
        case UInt8(ascii: "{"): return try nested { parser throws(JSONError) in try parser.parseObject() }
        case UInt8(ascii: "["): return try nested { parser throws(JSONError) in try parser.parseArray() }
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try parseNumber()
        case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try parseLiteral("null", .null)
        default: throw unexpected("a JSON value")
        }
    }

    private mutating func parseObject() throws(JSONError) -> JSONValue {
        var members: [(start: Int, name: String, value: JSONValue)] = []
        position += 1
        skipWhitespace()
        if skip(UInt8(ascii: "}")) { return .object([:]) }
        while true {
            skipWhitespace()
            guard current == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
            let start = position
            let name = try parseString()
            skipWhitespace()
            guard skip(UInt8(ascii: ":")) else { throw unexpected("':'") }
            members.append((start, name, try parseValue()))
            skipWhitespace()
            if skip(UInt8(ascii: "}")) { return try object(of: members) }
            guard skip(UInt8(ascii: ",")) else { throw unexpected("',' or '}'") }
        }
    }

    private func object(of members: [(start: Int, name: String, value: JSONValue)]) throws(JSONError) -> JSONValue {
        var object = [String: JSONValue](minimumCapacity: members.count)
        for (start, name, value) in members {
            guard object.updateValue(value, forKey: name) == nil else {
                throw failure(.duplicateName, "the object has the name '\(name.prefix(64))' twice", at: start)
            }
        }
        return .object(object)
    }

    private mutating func parseArray() throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        position += 1
        skipWhitespace()
        if skip(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try parseValue())
            skipWhitespace()
            if skip(UInt8(ascii: "]")) { return .array(elements) }
            guard skip(UInt8(ascii: ",")) else { throw unexpected("',' or ']'") }
        }
    }

    private mutating func parseLiteral(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in "\(word)".utf8 {
            guard skip(byte) else { throw unexpected("'\(word)'") }
        }
        return value
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        depth += 1
        guard depth <= JSONValue.depthLimit else {
            throw failure(.depth, "nested deeper than \(JSONValue.depthLimit) levels")
        }
        let value = try body(&self)
        depth -= 1
        return value
    }
}

extension JSONParser {
    /// The byte to read next; `nil` at the end.
    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Steps over that byte if it is next.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    func unexpected(_ wanted: String) -> JSONError {
        failure(.syntax, current == nil ? "the text ends where \(wanted) should be" : "expected \(wanted) here")
    }

    func failure(_ code: JSONError.Code, _ message: String, at offset: Int? = nil) -> JSONError {
        JSONError(code, message, at: JSONError.Place(offset: offset ?? position, in: bytes))
    }
}
