import DeploymentModel

/// A diagnostic for people: code and message, place, the line itself with a caret, what to do.
struct DiagnosticText {
    let text: String

    /// - Parameter source: the text of the file that the diagnostic names, if there is one.
    init(_ diagnostic: Diagnostic, source: [UInt8]?, style: Style) {
        let head = "\(diagnostic.severity.rawValue)[\(diagnostic.code.rawValue)]:"
        let colour = diagnostic.severity == .error ? style.red(head) : style.yellow(head)
        var lines = ["\(style.bold(colour)) \(diagnostic.message)", "  \(style.cyan(diagnostic.place))"]
        if !diagnostic.hidesSource, let source, let number = diagnostic.line, let line = Self.line(number, of: source) {
            let gutter = String(number)
            let space = String(repeating: " ", count: gutter.count)
            lines.append("  \(style.dim("\(gutter) |")) \(line.replacing("\t", with: " "))")
            if let column = diagnostic.column {
                let length = max(1, min(diagnostic.length ?? 1, line.unicodeScalars.count - column + 1))
                let caret = String(repeating: " ", count: column - 1) + String(repeating: "^", count: length)
                lines.append("  \(style.dim("\(space) |")) \(colour == head ? caret : style.red(caret))")
            }
        }
        if let fix = diagnostic.fix { lines.append("  \(fix)") }
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
