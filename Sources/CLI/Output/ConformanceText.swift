import Adapters
import DeploymentModel

/// What a battery found, for people and for JUnit's readers.
enum ConformanceText {
    static func line(_ entry: ConformanceReport.Entry, style: Style) -> String {
        let mark =
            switch entry.status {
            case .passed: style.green("✓")
            case .failed: style.red("✗")
            case .skipped: style.yellow("-")
            }
        let name = entry.rule + String(repeating: " ", count: max(0, 15 - entry.rule.count))
        var lines = ["\(mark) \(style.bold(name)) \(entry.title)  \(style.dim(EventLines.seconds(entry.seconds)))"]
        for line in (entry.detail ?? "").split(whereSeparator: \.isNewline) {
            lines.append("    \(style.dim(String(line).printable))")
        }
        return lines.joined(separator: "\n")
    }

    static func summary(_ report: ConformanceReport) -> String {
        func count(_ status: ConformanceReport.Status) -> Int { report.entries.count { $0.status == status } }
        let skipped = count(.skipped) == 0 ? "" : ", \(count(.skipped)) left out"
        return "\n\(report.ref) on \(report.platform.oci): \(count(.passed)) kept, \(count(.failed)) broken\(skipped)."
    }

    static func junit(_ report: ConformanceReport) -> String {
        let cases = report.entries.map { entry in
            JUnitText.Case(
                group: report.ref.description, name: "\(entry.rule): \(entry.title)", seconds: entry.seconds,
                outcome: {
                    switch entry.status {
                    case .passed: .passed
                    case .failed: .failed(entry.detail ?? "")
                    case .skipped: .skipped(entry.detail ?? "")
                    }
                }())
        }
        return JUnitText("conformance of \(report.ref)", cases).text
    }
}
