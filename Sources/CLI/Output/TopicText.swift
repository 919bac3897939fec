/// A topic of `pinion help`. On a terminal its Markdown becomes weights, elsewhere it stays as it is.
struct TopicText {
    let text: String

    init(_ topic: Topic, style: Style) {
        let source = topic.text
        let trimmed = source.hasSuffix("\n") ? String(source.dropLast()) : source
        guard style.isColoured else {
            text = trimmed
            return
        }
        text = trimmed.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if line.hasPrefix("# ") { return style.bold(String(line.dropFirst(2))) }
            if line.hasPrefix("    ") { return style.cyan(String(line)) }
            return line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .map { index, part in index.isMultiple(of: 2) ? String(part) : style.bold(String(part)) }.joined()
        }.joined(separator: "\n")
    }
}
