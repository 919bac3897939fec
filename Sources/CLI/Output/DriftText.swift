import DeploymentModel
import Reconciliation

/// Drift for people: by processor, what was expected, what is, since when.
struct DriftText {
    let text: String

    init(_ drift: Drift, style: Style) {
        let place = drift.target == .modal ? "app" : "container"
        let looked =
            "\(counted(drift.processors, "processor")) and \(counted(drift.deployments, place)) of \(drift.environment) at \(drift.commit.prefix(7))"
        guard !drift.findings.isEmpty else {
            text = "\(style.green("✓")) no drift: looked at \(looked)"
            return
        }
        var lines: [String] = []
        var last: String?
        for finding in drift.findings {
            let subject = finding.ref?.description ?? finding.app
            if subject != last {
                lines.append("\(style.yellow("~")) \(style.bold(subject))" + style.dim("  \(finding.app)"))
                last = subject
            }
            let since = [finding.since.map { "since \($0)" }, finding.by.map { "by \($0)" }].compactMap(\.self)
            lines.append("    \(finding.kind.rawValue)")
            lines.append("      expected  \(finding.expected.printable)")
            lines.append("      is        \(finding.actual.printable)")
            if !since.isEmpty { lines.append(style.dim("      \(since.joined(separator: ", ").printable)")) }
        }
        let count = counted(drift.findings.count, "difference")
        lines += [
            "", "\(style.red("✗")) \(count): looked at \(looked). Mend: pinion reconcile --env \(drift.environment)",
        ]
        text = lines.joined(separator: "\n")
    }
}
