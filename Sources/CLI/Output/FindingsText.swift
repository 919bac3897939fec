/// What checks found, as a table, each remedy below its line.
struct FindingsText {
    let text: String

    init(_ findings: [Finding], style: Style) {
        let width = findings.map(\.check.count).max() ?? 0
        text = findings.map { finding in
            let sign =
                switch finding.state {
                case .ok: style.green("✓")
                case .warning: style.yellow("!")
                case .error: style.red("✗")
                }
            let space = String(repeating: " ", count: width - finding.check.count)
            let line = "\(sign) \(style.bold(finding.check))\(space)  \(finding.finding.printable)"
            let indent = String(repeating: " ", count: width + 4)
            return finding.remedy.map { "\(line)\n\(indent)\(style.cyan($0.printable))" } ?? line
        }.joined(separator: "\n")
    }
}
