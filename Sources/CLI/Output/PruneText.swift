import DeploymentModel

/// What becomes of every app, and why, for people.
struct PruneText {
    let text: String

    init(_ report: PruneReport, style: Style) {
        let width = report.apps.map(\.app.count).max() ?? 0
        var lines = report.apps.map { app in
            let space = String(repeating: " ", count: width - app.app.count + 2)
            let mark =
                switch app.outcome {
                case .kept: style.dim("=")
                case .gone, .stopped, .absent: style.red("-")
                case .failed: style.yellow("!")
                }
            let reason = app.failure?.message ?? app.reason
            return "  \(mark) \(app.app)\(space)\(Self.verb(app.outcome))\(reason.printable)"
        }
        func count(_ outcomes: PruneReport.Outcome...) -> Int { report.apps.count { outcomes.contains($0.outcome) } }
        let parts = [
            (count(.gone), "to stop"), (count(.stopped, .absent), "stopped"), (count(.failed), "left for another time"),
            (count(.kept), "to stay"),
        ].filter { $0.0 > 0 || $0.1 == "to stay" }.map { "\($0.0) \($0.1)" }
        lines.append("\(report.environment): \(parts.joined(separator: ", "))")
        text = lines.joined(separator: "\n")
    }

    private static func verb(_ outcome: PruneReport.Outcome) -> String {
        switch outcome {
        case .kept: "stays: "
        case .gone: "goes: "
        case .stopped: "stopped: "
        case .absent: "was gone already: "
        case .failed: "stays for now: "
        }
    }
}
