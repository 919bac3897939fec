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
            lines.append("    \(style.dim(String(line)))")
        }
        return lines.joined(separator: "\n")
    }

    static func summary(_ report: ConformanceReport) -> String {
        func count(_ status: ConformanceReport.Status) -> Int { report.entries.count { $0.status == status } }
        let skipped = count(.skipped) == 0 ? "" : ", \(count(.skipped)) left out"
        return "\n\(report.ref) on \(report.platform.oci): \(count(.passed)) kept, \(count(.failed)) broken\(skipped)."
    }

    /// The XML that CI systems read (testmoapp/junitxml).
    static func junit(_ report: ConformanceReport) -> String {
        let failures = report.entries.count { $0.status == .failed }
        let skipped = report.entries.count { $0.status == .skipped }
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#,
            "<testsuite name=\"\(escaped("conformance of \(report.ref)"))\" tests=\"\(report.entries.count)\""
                + " failures=\"\(failures)\" skipped=\"\(skipped)\">",
        ]
        for entry in report.entries {
            let head =
                "  <testcase classname=\"\(escaped(report.ref.description))\""
                + " name=\"\(escaped("\(entry.rule): \(entry.title)"))\" time=\"\(milliseconds(entry.seconds))\""
            switch entry.status {
            case .passed: lines.append(head + "/>")
            case .failed:
                let detail = entry.detail ?? ""
                let message = detail.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
                lines.append(
                    head + "><failure message=\"\(escaped(message))\">\(escaped(detail))</failure></testcase>")
            case .skipped: lines.append(head + "><skipped message=\"\(escaped(entry.detail ?? ""))\"/></testcase>")
            }
        }
        return (lines + ["</testsuite>"]).joined(separator: "\n")
    }

    /// `1.234`.
    private static func milliseconds(_ seconds: Double) -> String {
        let count = Int((seconds * 1000).rounded())
        let rest = String(count % 1000)
        return "\(count / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    /// Text as XML 1.0 can hold it: characters that it forbids become U+FFFD.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
