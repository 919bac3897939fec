import ArgumentParser
import DeploymentModel
import Reconciliation

/// Making an environment what it should be, and telling of it; the same for every command that does.
struct ReconcilingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many processors are worked on at once.", valueName: "n"))
    var parallelism = 4

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Flag(help: "Print every event as one line of JSON; the report is the last line.")
    var events = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard (1...64).contains(parallelism) else { throw ValidationError("--parallelism is a number from 1 to 64.") }
        guard !(json && events) else { throw ValidationError("--json and --events exclude each other.") }
    }

    /// Plans, applies and reports.
    ///
    /// - Parameters:
    ///   - saved: a plan that was made before; nothing is done that it did not show.
    ///   - replans: takes what is out of date in it as it is planned now.
    func reconcile(
        _ workspace: Workspace, _ session: Session, secrets: [SecretValue] = [], prunes: Bool = false,
        saved: Plan? = nil, replans: Bool = false
    ) async throws(Failure) -> ExitCode {
        DiagnosticReport(workspace).show()
        var plan = try await session.plan(secrets: secrets, prunes: prunes)
        var stale: [Plan.Stale] = []
        if let saved { (plan, stale) = saved.applicable(now: plan, replans: replans) }
        if events { Output.result(try JSONText(EventStream.Version(), isPretty: false).text) }
        if !verbosity.quiet {
            let text = PlanText(plan, style: .standardError)
            Output.note(plan.hasActions ? text.text + "\n" : text.heading)
        }
        if plan.isEmpty { await DiagnosticReport(workspace).showUncommitted() }
        let report = try await showing { show throws(Failure) in
            try await session.apply(plan, secrets: secrets, parallelism: parallelism, show: show)
        }
        try print(report, plan, workspace)
        try await CIPublication(of: report, plan, stale, in: workspace)?.publish()
        for item in stale { Output.note(FailureText(item.failure, style: .standardError).text) }
        guard stale.isEmpty else { return ExitCode(3) }
        return workspace.hasErrors ? .failure : ExitCode(for: report)
    }

    /// Shows the events of something that tells of what it does.
    func showing<Value: Sendable>(
        _ body: (@escaping @Sendable (RunEvent) -> Void) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let isStream = events
        return try await verbosity.display.showing { show throws(Failure) in
            try await body { event in
                if isStream, let line = try? JSONText(EventStream.Line(event), isPretty: false).text {
                    Output.result(line)
                }
                show(event)
            }
        }
    }

    private func print(_ report: RunReport, _ plan: Plan, _ workspace: Workspace) throws(Failure) {
        let warnings = workspace.diagnostics.filter { $0.severity == .warning }
        if json {
            Output.result(try JSONText(report).text)
        } else if events {
            Output.result(try JSONText(EventStream.Report(report), isPretty: false).text)
        } else if plan.isEmpty, !workspace.hasErrors {
            let lines = ReportText.lines(warnings, .standardOutput) + [PlanText(plan, style: .standardOutput).summary]
            Output.view(lines.joined(separator: "\n"))
        } else {
            let errors = workspace.diagnostics.filter { $0.severity == .error }.count
            Output.view("\n" + ReportText(report, broken: errors, warnings: warnings, style: .standardOutput).text)
        }
    }
}

/// The records of `--events`, one a line.
private enum EventStream {
    struct Version: Encodable {
        let type = "version"
        let format = "pinion.events/1"
        let pinion = Pinion.configuration.version
    }

    struct Line: Encodable {
        let type = "event"
        let event: RunEvent
        init(_ event: RunEvent) { self.event = event }
    }

    struct Report: Encodable {
        let type = "report"
        let report: RunReport
        init(_ report: RunReport) { self.report = report }
    }
}
