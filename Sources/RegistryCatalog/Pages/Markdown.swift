/// Text that Markdown shows as it is, whatever stands in it (CommonMark 0.31, tables as GitHub has them).
package enum Markdown {
    /// Running text on one line: nothing in it is mark-up, and line breaks are spaces.
    package static func text(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        var escaped = ""
        // By scalars: a mark with an accent on it is a mark still.
        for scalar in line.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\\", "`", "*", "_", "{", "}", "[", "]", "#", "|", "~", "$", "!":
                escaped += "\\"
                escaped.unicodeScalars.append(scalar)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escapingStart(escaped)
    }

    /// Running text, paragraph by paragraph.
    package static func paragraphs(_ text: String) -> String {
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
    package static func code(_ text: String) -> String {
        let line = text.map { $0.isNewline ? " " : String($0) }.joined()
        guard !line.isEmpty else { return "" }
        let fence = String(repeating: "`", count: longestRun(of: "`", in: line) + 1)
        let needsSpace = line.hasPrefix("`") || line.hasSuffix("`") || (line.hasPrefix(" ") && line.hasSuffix(" "))
        let pad = needsSpace ? " " : ""
        return fence + pad + line + pad + fence
    }

    /// A code block, its fence longer than any in it.
    package static func block(_ text: String, language: String = "") -> String {
        let fence = String(repeating: "`", count: max(3, longestRun(of: "`", in: text) + 1))
        return "\(fence)\(language)\n\(text.hasSuffix("\n") ? String(text.dropLast()) : text)\n\(fence)"
    }

    /// A table. Its cells are Markdown already; a `|` in one that is not escaped gets its backslash here.
    package static func table(_ heads: [String], _ rows: [[String]]) -> String {
        let lines = [heads] + [heads.map { _ in "---" }] + rows
        return lines.map { cells in "| \(cells.map(cell).joined(separator: " | ")) |" }.joined(separator: "\n")
    }

    private static func cell(_ text: String) -> String {
        var escaped = ""
        var backslashes = 0
        for scalar in text.replacing("\r\n", with: "\n").unicodeScalars {
            if scalar == "|", backslashes.isMultiple(of: 2) { escaped += "\\" }
            backslashes = scalar == "\\" ? backslashes + 1 : 0
            if Character(scalar).isNewline { escaped += "<br>" } else { escaped.unicodeScalars.append(scalar) }
        }
        return escaped
    }

    /// A link. The target is a path of our own making, so it needs no escaping.
    static func link(_ text: String, _ target: String) -> String { "[\(Markdown.text(text))](\(target))" }

    private static func longestRun(of mark: Unicode.Scalar, in text: String) -> Int {
        var (longest, run) = (0, 0)
        for scalar in text.unicodeScalars {
            run = scalar == mark ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }
}
