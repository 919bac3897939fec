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
    ///   - failures: what failed before, and is told of already; CI gets it with the rest.
    ///   - code: what the command ends with where nothing more fails.
    func reconcile(
        _ workspace: Workspace, _ session: Session, secrets: [SecretValue] = [], prunes: Bool = false,
        saved: Plan? = nil, replans: Bool = false, after failures: [(ProcessorRef?, Failure)] = [],
        code: ExitCode = .success
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
        for item in stale { Output.note(FailureText(item.failure, style: .standardError).text) }
        let own = !stale.isEmpty ? ExitCode(3) : workspace.hasErrors ? .failure : ExitCode(for: report)
        let code = own == .success ? code : own
        let publication = await CIPublication(
            of: report, plan, failures + stale.map { ($0.ref, $0.failure) }, endingWith: code, in: workspace)
        return code.after { () throws(Failure) in try publication?.publish() }
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
