import DeploymentModel
import RegistryCatalog

/// A lane, and what came of it, for people.
struct LaneText {
    let text: String

    /// The lane as it is written.
    init(_ lane: LaneSpec, style: Style) {
        var lines = ["\(style.bold(lane.name))  \(style.dim("\(lane.path), environment \(lane.environment)"))"]
        if lane.isChangedOnly { lines.append("  only what a change touches") }
        if lane.allowsReal { lines.append("  \(style.yellow("may run in mode real"))") }
        for (index, step) in lane.steps.enumerated() {
            let number = String(index + 1)
            let options = step.options.map { style.dim("  " + $0) } ?? ""
            lines.append(
                "  \(String(repeating: " ", count: max(0, 2 - number.count)))\(number)  \(step.kind.rawValue)\(options)"
            )
        }
        text = lines.joined(separator: "\n")
    }

    /// What came of a run.
    init(_ report: LaneReport, style: Style) {
        var lines: [String] = []
        for step in report.steps {
            let mark =
                switch step.state {
                case .passed: style.green("✓")
                case .failed: style.red("✗")
                case .refused: style.yellow("!")
                case .skipped: style.yellow("-")
                }
            let space = String(repeating: " ", count: max(1, 14 - step.name.rawValue.count))
            let time = step.seconds < 0.05 ? "" : "  \(EventLines.seconds(step.seconds).drop { $0 == " " })"
            lines.append("\(mark) \(style.bold(step.name.rawValue))\(space)\(step.text.printable)\(style.dim(time))")
            for problem in step.problems {
                let subject = problem.ref.map { "\($0)  " } ?? ""
                lines.append("    \(subject)\(problem.failure.code.rawValue)  \(problem.failure.message.printable)")
                if let remedy = problem.failure.remedy { lines.append("      \(remedy)") }
            }
        }
        let subject = "\(report.lane) at \(report.commit.prefix(7))"
        let range = report.base.map { " since \($0.prefix(7))" } ?? ""
        let count = report.selected.map {
            ": \(counted($0.count, "processor")) of \(counted(report.changedFiles ?? 0, "changed file"))"
        }
        let mark = report.state == .passed ? style.green("✓") : style.red("✗")
        lines.append("\(mark) \(subject)\(range)\(count ?? "") · \(report.state.rawValue)")
        text = lines.joined(separator: "\n")
    }
}
