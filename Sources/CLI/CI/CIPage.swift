import DeploymentModel
import RegistryCatalog

/// A report as Markdown, for the page that CI shows of a job and for a comment on a pull request.
struct CIPage {
    /// What GitHub takes from a step for its summary.
    static let summaryLimit = 1 << 20
    /// What GitHub and GitLab take for a comment.
    static let commentLimit = 64 << 10

    private let report: CIReport

    init(_ report: CIReport) { self.report = report }

    /// - Parameter limit: in bytes.
    func summary(limit: Int) -> String {
        text(limit: limit, opening: nil, rest: "All of it is in the log of the job.")
    }

    /// Its first line tells a job which comment of its own it may write over.
    var comment: String {
        let mark = "<!-- pinion: \(report.title.filter { $0.isLetter || $0.isNumber || " _".contains($0) }) -->"
        return text(limit: Self.commentLimit, opening: mark, rest: "All of it is in the summary of the job.")
    }

    private func text(limit: Int, opening: String?, rest: String) -> String {
        var page = BoundedMarkdown(limit: limit)
        if let opening { page.add(opening) }
        let target = report.environment.map { " → \(CIText.line($0))" } ?? ""
        page.add("### \(report.state.mark) \(CIText.line(report.title))\(target)")
        let range = report.base.map { "`\($0.prefix(7))` … " } ?? ""
        page.add("\(range)`\(report.commit.prefix(7))`" + (report.run.map { " · run \(CIText.line($0))" } ?? ""))
        if let note = report.note { page.add(CIText.line(note)) }
        for table in report.tables {
            let lines = Markdown.table(table.heads, table.rows).split(separator: "\n").map(String.init)
            page.add(Array(lines.dropFirst(2)), after: lines.prefix(2).map { $0 + "\n" }.joined())
        }
        page.add(findings, after: "")
        if let plan = report.plan {
            let block = CIText.block(plan, lines: .max).split(separator: "\n", omittingEmptySubsequences: false)
            page.add(
                block.dropFirst().dropLast().map(String.init),
                after: "<details><summary>plan</summary>\n\n\(block.first ?? "")\n",
                before: "\(block.last ?? "")\n\n</details>\n")
        }
        return page.text(rest: rest)
    }

    /// The important ones first.
    private var findings: [String] {
        let order: [Diagnostic.Severity] = [.error, .warning, .note]
        return order.flatMap { severity in report.findings.filter { $0.diagnostic.severity == severity } }.map {
            found in
            let diagnostic = found.diagnostic
            let subject = found.ref.map { CIText.code($0) + " " } ?? ""
            let kind = severity(diagnostic.severity)
            var text =
                "- \(kind)\(subject)**\(Markdown.text(diagnostic.code.rawValue))** \(CIText.line(diagnostic.message))"
                + " (\(Markdown.code(diagnostic.place.printable)))"
            if let fix = diagnostic.fix { text += "\n  \(CIText.line(fix))" }
            if let detail = found.detail {
                text +=
                    "\n\n"
                    + CIText.block(detail).split(separator: "\n", omittingEmptySubsequences: false)
                    .map { "  " + $0 }.joined(separator: "\n") + "\n"
            }
            return text
        }
    }

    private func severity(_ severity: Diagnostic.Severity) -> String {
        switch severity {
        case .error: ""
        case .warning: "warning: "
        case .note: "note: "
        }
    }
}
