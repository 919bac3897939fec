import DeploymentModel
import RegistryCatalog

/// What a lane was about and what came of it, as Markdown: for the page that CI shows of a job.
struct LaneSummary {
    let text: String

    /// - Parameter plan: what was to be done, as text.
    init(_ report: LaneReport, plan: String?) {
        let mark = report.state == .passed ? "✅" : report.state == .refused ? "⚠️" : "❌"
        var lines = ["### \(mark) lane \(Self.cell(report.lane)) → \(Self.cell(report.environment))", ""]
        let range = report.base.map { "`\($0.prefix(7))` … " } ?? ""
        lines += ["\(range)`\(report.commit.prefix(7))`", ""]
        if let selected = report.selected {
            if selected.isEmpty {
                lines += ["\(counted(report.changedFiles ?? 0, "changed file")), and no processor is concerned.", ""]
            } else {
                lines += ["| processor | why |", "| --- | --- |"]
                lines += selected.map { "| `\($0.ref)` | \(Self.cell($0.reason)) |" }
                lines.append("")
            }
        }
        lines += ["| step | | |", "| --- | --- | --- |"]
        for step in report.steps {
            let mark =
                switch step.state {
                case .passed: "✅"
                case .failed: "❌"
                case .refused: "⚠️"
                case .skipped: "–"
                }
            lines.append("| \(step.name.rawValue) | \(mark) | \(Self.cell(step.text)) |")
        }
        lines.append("")
        for problem in report.problems {
            let subject = problem.ref.map { "`\($0)` " } ?? ""
            lines.append("- \(subject)**\(problem.failure.code.rawValue)** \(Self.cell(problem.failure.message))")
            if let remedy = problem.failure.remedy { lines.append("  \(Self.cell(remedy))") }
            if let detail = problem.failure.detail { lines += ["", Self.block(detail), ""] }
        }
        if let plan { lines += ["", "<details><summary>plan</summary>", "", Self.block(plan), "", "</details>"] }
        text = lines.joined(separator: "\n") + "\n"
    }

    /// Text that stays within its line and its cell, and is no markup.
    private static func cell(_ text: String) -> String {
        var result = ""
        for character in text.printable {
            switch character {
            case "|", "\\", "`", "*", "_", "[", "]", "#", "~", "!": result += "\\" + String(character)
            case "<": result += "&lt;"
            case "&": result += "&amp;"
            case _ where character.isNewline: result += " "
            default: result.append(character)
            }
        }
        return result
    }

    /// Lines as they are; the fence is longer than any in them.
    private static func block(_ text: String) -> String {
        var (longest, run) = (2, 0)
        for character in text {
            run = character == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            String($0).printable
        }
        return ([fence + "text"] + lines + [fence]).joined(separator: "\n")
    }
}
