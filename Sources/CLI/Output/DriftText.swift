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
            let sign = drift.unseen.isEmpty ? style.green("✓") : style.yellow("?")
            text = (["\(sign) no drift: looked at \(looked)"] + Self.rest(drift, failures, style))
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
                if let failure = finding.ref.flatMap({ failures[$0] }) {
                    lines.append("    \(failure.sentence.printable)")
                }
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
        lines += Self.rest(drift, failures, style)
        text = lines.joined(separator: "\n")
    }

    /// What could not be asked about, and what is no drift and waits all the same, each with why.
    private static func rest(
        _ drift: Drift, _ failures: [ProcessorRef: FailedStep], _ style: Style
    ) -> [String] {
        let unseen = drift.unseen.map { unseen in
            "\(style.yellow("?")) \(style.bold(unseen.ref.description))  can't be told: \(unseen.failure.description.printable)"
        }
        let around = unseen.isEmpty ? [] : [""] + unseen
        guard !drift.pending.isEmpty else { return around }
        let lines = drift.pending.flatMap { pending in
            ["\(style.yellow("~")) \(style.bold(pending.ref.description))  \(pending.reason)"]
                + [failures[pending.ref]].compactMap(\.self).map { "    \($0.sentence.printable)" }
        }
        return around + [""] + lines + ["    What is wanted waits for: pinion reconcile --env \(drift.environment)"]
    }
}
