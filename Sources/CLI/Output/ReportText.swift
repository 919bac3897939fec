import DeploymentModel
import Reconciliation

/// The summary of a run: what needs attention first.
struct ReportText {
    let text: String

    private static let detailLines = 12

    /// - Parameters:
    ///   - broken: how many errors the registry has.
    ///   - warnings: what is odd about it, and was left as it is.
    init(_ report: RunReport, broken: Int, warnings: [Diagnostic] = [], style: Style) {
        var lines: [String] = []
        for entry in report.entries where entry.status == .failed {
            // Both platforms of a build tend to fail alike.
            var codes: Set<ErrorCode> = []
            for failure in entry.failures where codes.insert(failure.code).inserted {
                lines.append(
                    "\(style.red("✗")) \(style.bold(entry.ref.description))  \(failure.code.rawValue)  \(failure.message.printable)"
                )
                // What it said may have gone by long ago.
                for line in (failure.detail ?? "").split(whereSeparator: \.isNewline).suffix(Self.detailLines) {
                    lines.append("    " + style.dim(String(line).printable))
                }
                if let remedy = failure.remedy { lines.append("    \(remedy)") }
            }
        }
        for entry in report.entries where entry.status == .interrupted {
            let left = entry.skipped.map(\.rawValue).joined(separator: ", ")
            lines.append("\(style.yellow("-")) \(style.bold(entry.ref.description))  interrupted before: \(left)")
        }
        if report.entries.contains(where: { $0.status == .interrupted }) {
            lines.append("    Carry on with: pinion apply --continue")
        }
        for failure in report.failures {
            lines.append("\(style.red("✗")) \(failure.code.rawValue)  \(failure.message.printable)")
        }
        if broken > 0 { lines.append("\(style.red("✗")) \(counted(broken, "error")) in the registry, see above") }
        lines += Self.lines(warnings, style)
        let counts = [RunReport.Status.changed, .unchanged, .failed, .skipped, .interrupted].map { status in
            (status.rawValue, report.entries.filter { $0.status == status }.count)
        }
        let refs = counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
        let steps = RunEvent.Step.allCases.compactMap { step in
            report.counts[step].map { "\(counted($0, step.noun))" }
        }.joined(separator: ", ")
        let isGood = !report.hasFailures && broken == 0
        let mark = isGood ? style.green("✓") : style.red("✗")
        let time = EventLines.seconds(report.duration).drop { $0 == " " }
        lines.append(
            "\(mark) \(report.environment): \(refs.isEmpty ? "nothing to do" : refs)\(steps.isEmpty ? "" : " · " + steps) · \(time)"
        )
        text = lines.joined(separator: "\n")
    }

    /// What is odd about a registry, a line each: what was said before the run has gone by.
    static func lines(_ warnings: [Diagnostic], _ style: Style) -> [String] {
        warnings.map { warning in
            let fix = warning.fix.map { " (\($0))" } ?? ""
            return "\(style.yellow("!")) \(warning.place): \(warning.message.printable)\(fix.printable)"
        }
    }
}

extension RunEvent.Step {
    fileprivate var noun: String {
        switch self {
        case .build: "build"
        case .push: "push"
        case .pull: "pull"
        case .pin: "pin"
        case .sync: "secret sync"
        case .deploy: "deployment"
        case .smoke: "smoke test"
        case .probe: "probe"
        case .rollover: "rollover"
        case .remove: "removal"
        case .record: "record commit"
        }
    }
}
