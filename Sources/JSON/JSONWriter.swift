/// Writes values as text.
struct JSONWriter {
    private(set) var output = ""
    private let isIndenting: Bool
    private let isCanonical: Bool
    private var level = 0

    init(isIndenting: Bool = false, isCanonical: Bool = false) {
        self.isIndenting = isIndenting
        self.isCanonical = isCanonical
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: output += "null"
        case .bool(let value): output += value ? "true" : "false"
        case .integer(let value):
            // Beyond 2^53 the shortest digits of the double, which the canonical form wants, aren't the integer's.
            output += isCanonical ? Double(value).ecmaScriptDescription : String(value)
        case .number(let value): writeNumber(value)
        case .string(let value): writeQuoted(value)
        case .array(let elements):
            writeList(elements, "[", "]") { writer, element in writer.write(element) }
        case .object(let members):
            let ordered = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            writeList(ordered, "{", "}") { writer, member in
                writer.writeQuoted(member.key)
                writer.output += writer.isIndenting ? ": " : ":"
                writer.write(member.value)
            }
        }
    }

    private mutating func writeNumber(_ value: Double) {
        if !isCanonical, abs(value) > 0x1p53, let integer = Int64(exactly: value) {
            // The shortest digits of such a double would be read as an integer that is another number.
            output += String(integer)
        } else {
            output += value.isFinite ? value.ecmaScriptDescription : "null"
        }
    }

    private mutating func writeList<Item>(
        _ items: [Item], _ opening: String, _ closing: String, writeItem: (inout JSONWriter, Item) -> Void
    ) {
        output += opening
        level += 1
        for (index, item) in items.enumerated() {
            if index > 0 { output += "," }
            breakLine()
            writeItem(&self, item)
        }
        level -= 1
        if !items.isEmpty { breakLine() }
        output += closing
    }

    private mutating func breakLine() {
        guard isIndenting else { return }
        output += "\n"
        for _ in 0..<level { output += "  " }
    }

    /// Escapes what RFC 8785 section 3.2.2.2 escapes and nothing else.
    private mutating func writeQuoted(_ text: String) {
        output += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\u{08}": output += "\\b"
            case "\t": output += "\\t"
            case "\n": output += "\\n"
            case "\u{0C}": output += "\\f"
            case "\r": output += "\\r"
            case "\u{00}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}
