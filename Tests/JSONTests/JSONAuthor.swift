import JSON

/// A small generator of random numbers with a seed (SplitMix64), so that a failure can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &self)]
    }
}

/// Writes JSON texts in every spelling that RFC 8259 allows, and knows what each of them means.
struct JSONAuthor {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed) }

    mutating func document() -> (text: String, value: JSONValue) {
        let (text, value) = write(depth: 0)
        return (space() + text + space(), value)
    }

    /// A document with up to three accidents in its bytes.
    mutating func damaged() -> [UInt8] {
        var bytes = Array(document().text.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 1: bytes.insert(contentsOf: Array(random.pick(Self.shreds).utf8), at: place)
            case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 3 where place < bytes.count: bytes.remove(at: place)
            default:
                let end = Int.random(in: place...bytes.count, using: &random)
                bytes.insert(contentsOf: Array(bytes[place..<end].prefix(40)), at: place)
            }
        }
        return bytes
    }

    private static let shreds = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\udc00", "0", "-", ".", "e+", "1e999", "null",
        "tru",
        "\u{FEFF}", "\u{2028}", "\u{0}", "NaN", "//", "'", "\t", "é",
    ]

    private mutating func space() -> String {
        String((0..<random.pick([0, 0, 0, 1, 2])).map { _ in random.pick([" ", "\n", "\t", "\r"] as [Character]) })
    }

    private mutating func write(depth: Int) -> (String, JSONValue) {
        switch Int.random(in: 0..<(depth < 5 ? 9 : 6), using: &random) {
        case 0: return random.pick([("null", .null), ("true", true), ("false", false)])
        case 1, 2: return integer()
        case 3: return number()
        case 4, 5:
            let (text, value) = string()
            return (text, .string(value))
        case 6, 7: return object(depth: depth)
        default:
            var (texts, values): ([String], [JSONValue]) = ([], [])
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let (text, value) = write(depth: depth + 1)
                texts.append(space() + text + space())
                values.append(value)
            }
            return ("[" + (texts.isEmpty ? space() : texts.joined(separator: ",")) + "]", .array(values))
        }
    }

    private mutating func object(depth: Int) -> (String, JSONValue) {
        var texts: [String] = []
        var members: [String: JSONValue] = [:]
        for index in 0..<Int.random(in: 0...4, using: &random) {
            var (name, plain) = string()
            // The number keeps names apart.
            name.insert(contentsOf: "\(index)", at: name.index(after: name.startIndex))
            plain = "\(index)" + plain
            let (text, value) = write(depth: depth + 1)
            texts.append(space() + name + space() + ":" + space() + text + space())
            members[plain] = value
        }
        return ("{" + (texts.isEmpty ? space() : texts.joined(separator: ",")) + "}", .object(members))
    }

    private mutating func integer() -> (String, JSONValue) {
        let value = random.pick([
            0, 1, -1, Int64.max, Int64.min, 1 << 53, Int64.random(in: -1000...1000, using: &random),
            Int64.random(in: .min ... .max, using: &random),
        ])
        return (String(value), .integer(value))
    }

    private mutating func number() -> (String, JSONValue) {
        let digits = Int64.random(in: -99_999...99_999, using: &random)
        let exponent = Int.random(in: -320...300, using: &random)
        let fraction = random.pick(["", ".0", ".5", ".125"])
        let mark = random.pick(["e", "E"])
        let sign = exponent >= 0 ? random.pick(["", "+"]) : ""
        let text = "\(digits)\(fraction)\(mark)\(sign)\(exponent)"
        return (text, .number(Double(text) ?? .nan))
    }

    private mutating func string() -> (String, String) {
        var (text, value) = ("\"", "")
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let scalar = random.pick(Self.scalars)
            value.unicodeScalars.append(scalar)
            text += spelling(scalar)
        }
        return (text + "\"", value)
    }

    private static let scalars: [Unicode.Scalar] = [
        "a", "Z", "0", " ", "\"", "\\", "/", "\u{08}", "\u{0C}", "\n", "\r", "\t", "\u{0}", "\u{1F}", "\u{7F}", "é",
        "ß",
        "日", "\u{2028}", "\u{FFFF}", "😂", "\u{10FFFF}",
    ]

    private mutating func spelling(_ scalar: Unicode.Scalar) -> String {
        let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\u{08}": "\\b", "\u{0C}": "\\f", "\n": "\\n", "\r": "\\r",
            "\t": "\\t",
        ]
        let units = UTF16.encode(scalar).map { Array($0) } ?? []
        let long = units.map { unit in
            let digits = String(unit, radix: 16, uppercase: Bool.random(using: &random))
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
        var spellings = [long]
        if let text = short[scalar] { spellings.append(text) }
        if scalar.value >= 0x20, scalar != "\"", scalar != "\\" { spellings.append(String(Character(scalar))) }
        return random.pick(spellings)
    }
}
