import DeploymentModel
import Reconciliation

/// Drift for people: by processor, what was expected, what is, since when.
struct DriftText {
    let text: String

    /// - Parameter failures: where the last tries to bring processors up ended.
    init(_ drift: Drift, failures: [ProcessorRef: FailedStep], style: Style) {
        let place = drift.target == .modal ? "app" : "container"
        let looked =
            "\(counted(drift.processors, "processor")) and \(counted(drift.deployments, place)) of \(drift.environment) at \(drift.commit.prefix(7))"
        guard !drift.findings.isEmpty else {
            text = (["\(style.green("✓")) no drift: looked at \(looked)"] + Self.pending(drift, failures, style))
                .joined(separator: "\n")
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
            if finding.kind == .pin || finding.kind == .missing, let failure = finding.ref.flatMap({ failures[$0] }) {
                lines.append("      \(failure.sentence.printable)")
            }
        }
        let count = counted(drift.findings.count, "difference")
        lines += [
            "", "\(style.red("✗")) \(count): looked at \(looked). Mend: pinion reconcile --env \(drift.environment)",
        ]
        lines += Self.pending(drift, failures, style)
        text = lines.joined(separator: "\n")
    }

    /// What is no drift and waits all the same, each with why.
    private static func pending(
        _ drift: Drift, _ failures: [ProcessorRef: FailedStep], _ style: Style
    ) -> [String] {
        guard !drift.pending.isEmpty else { return [] }
        let lines = drift.pending.flatMap { pending in
            ["\(style.yellow("~")) \(style.bold(pending.ref.description))  \(pending.reason)"]
                + [failures[pending.ref]].compactMap(\.self).map { "    \($0.sentence.printable)" }
        }
        return [""] + lines + ["    What is wanted waits for: pinion reconcile --env \(drift.environment)"]
    }
}
