import JSON

/// Values of secrets, to be struck out of whatever is said.
struct StruckValues: Sendable {
    private var spellings: Set<String> = []

    init(_ values: some Sequence<String> = []) { insert(values) }

    /// Adds values as an error may repeat them: as they are, on one line, line by line, or quoted.
    mutating func insert(_ values: some Sequence<String>) {
        for value in values {
            let lines = value.split(whereSeparator: \.isNewline).map(String.init)
            let words = value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let quoted = String(JSONValue.string(value).compact.dropFirst().dropLast())
            for spelling in [value, words, quoted] + lines where !spelling.isEmpty { spellings.insert(spelling) }
        }
    }

    /// The text with every value struck out, long ones first: a short one may be part of a long one.
    func strike(_ text: String) -> String {
        spellings.sorted { $0.utf8.count > $1.utf8.count }.reduce(text) { text, value in
            text.split(separator: value, omittingEmptySubsequences: false).joined(separator: "[secret]")
        }
    }
}
