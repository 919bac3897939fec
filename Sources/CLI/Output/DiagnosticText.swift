import DeploymentModel

/// A diagnostic for people: code and message, place, the line itself with a caret, what to do.
struct DiagnosticText {
    let text: String

    /// - Parameter source: the text of the file that the diagnostic names, if there is one.
    init(_ diagnostic: Diagnostic, source: [UInt8]?, style: Style) {
        let head = "\(diagnostic.severity.rawValue)[\(diagnostic.code.rawValue)]:"
        let colour = diagnostic.severity == .error ? style.red(head) : style.yellow(head)
        var lines = [
            "\(style.bold(colour)) \(diagnostic.message.printable)", "  \(style.cyan(diagnostic.place.printable))",
        ]
        if !diagnostic.hidesSource, let source, let number = diagnostic.line, let line = Self.line(number, of: source) {
            let gutter = String(number)
            let space = String(repeating: " ", count: gutter.count)
            let view = SourceView(line, diagnostic, room: style.width.map { $0 - gutter.count - 5 })
            lines.append("  \(style.dim("\(gutter) |")) \(view.line)")
            if let caret = view.caret {
                lines.append("  \(style.dim("\(space) |")) \(colour == head ? caret : style.red(caret))")
            }
        }
        if let fix = diagnostic.fix { lines.append("  \(fix.printable)") }
        text = lines.joined(separator: "\n")
    }

    private static func line(_ number: Int, of source: [UInt8]) -> String? {
        let lines = source.split(
            separator: UInt8(ascii: "\n"), maxSplits: number, omittingEmptySubsequences: false)
        guard number - 1 < lines.count else { return nil }
        var line = String(decoding: lines[number - 1], as: UTF8.self)
        if line.hasSuffix("\r") { line.removeLast() }
        if line.hasPrefix("\u{FEFF}") { line.removeFirst() }
        return line
    }
}

/// A line of a file and the mark below it. Of a line that is too long for the terminal it is the part with what is marked.
private struct SourceView {
    private(set) var line: String
    private(set) var caret: String?

    init(_ text: String, _ diagnostic: Diagnostic, room: Int?) {
        var scalars = Array(text.printableLine.unicodeScalars)
        let column = diagnostic.column ?? 1
        var before = column - 1
        var length = max(1, min(diagnostic.length ?? 1, scalars.count - before))
        if let room, room > 8, scalars.count > room {
            let start = min(max(0, before - room / 3), scalars.count - room)
            let end = start + room
            scalars = Array(scalars[start..<end])
            if start > 0 { scalars[0] = "…" }
            if end < text.unicodeScalars.count { scalars[room - 1] = "…" }
            before = min(before - start, room - 1)
            length = min(length, room - before)
        }
        line = String(String.UnicodeScalarView(scalars))
        guard diagnostic.column != nil else { return }
        caret = String(repeating: " ", count: before) + String(repeating: "^", count: length)
    }
}
