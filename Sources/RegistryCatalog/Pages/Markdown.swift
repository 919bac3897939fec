/// Text that Markdown shows as it is, whatever stands in it (CommonMark 0.31, tables as GitHub has them).
enum Markdown {
    /// Running text on one line: nothing in it is mark-up, and line breaks are spaces.
    static func text(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        var escaped = ""
        for character in line {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\\", "`", "*", "_", "{", "}", "[", "]", "#", "|", "~", "$", "!": escaped += "\\\(character)"
            default: escaped.append(character)
            }
        }
        return escapingStart(escaped)
    }

    /// Running text, paragraph by paragraph.
    static func paragraphs(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .split { $0.allSatisfy(\.isWhitespace) }
            .map { Markdown.text($0.joined(separator: " ")) }
            .joined(separator: "\n\n")
    }

    /// What would begin a list or a rule at the start of a line does so no more.
    private static func escapingStart(_ line: String) -> String {
        guard let first = line.first else { return line }
        if "-+=".contains(first) { return "\\" + line }
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        let rest = line.dropFirst(digits.count)
        if !digits.isEmpty, let mark = rest.first, mark == "." || mark == ")" { return digits + "\\" + rest }
        return line
    }

    /// A code span. In tables a `|` needs its backslash even there.
    static func code(_ text: String) -> String {
        let line = text.map { $0.isNewline ? " " : String($0) }.joined()
        guard !line.isEmpty else { return "" }
        let fence = String(repeating: "`", count: longestRun(of: "`", in: line) + 1)
        let needsSpace = line.hasPrefix("`") || line.hasSuffix("`") || (line.hasPrefix(" ") && line.hasSuffix(" "))
        let pad = needsSpace ? " " : ""
        return fence + pad + line + pad + fence
    }

    /// A code block, its fence longer than any in it.
    static func block(_ text: String, language: String = "") -> String {
        let fence = String(repeating: "`", count: max(3, longestRun(of: "`", in: text) + 1))
        return "\(fence)\(language)\n\(text.hasSuffix("\n") ? String(text.dropLast()) : text)\n\(fence)"
    }

    /// A table. Its cells are Markdown already; a `|` in one that is not escaped gets its backslash here.
    static func table(_ heads: [String], _ rows: [[String]]) -> String {
        let lines = [heads] + [heads.map { _ in "---" }] + rows
        return lines.map { cells in "| \(cells.map(cell).joined(separator: " | ")) |" }.joined(separator: "\n")
    }

    private static func cell(_ text: String) -> String {
        var escaped = ""
        var backslashes = 0
        for character in text {
            if character == "|", backslashes.isMultiple(of: 2) { escaped += "\\" }
            backslashes = character == "\\" ? backslashes + 1 : 0
            escaped += character.isNewline ? "<br>" : String(character)
        }
        return escaped
    }

    /// A link. The target is a path of our own making, so it needs no escaping.
    static func link(_ text: String, _ target: String) -> String { "[\(Markdown.text(text))](\(target))" }

    private static func longestRun(of mark: Character, in text: String) -> Int {
        var (longest, run) = (0, 0)
        for character in text {
            run = character == mark ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }
}
