import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import Reconciliation
import RegistryCatalog

extension CIPublication {
    /// `nil` where nobody looks: outside of GitHub's workflows.
    init?(_ report: CIReport) {
        let variables = ProcessInfo.processInfo.environment
        guard variables["GITHUB_ACTIONS"] == "true" else { return nil }
        self.init(report, variables)
    }

    private static var isWorkflow: Bool { ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true" }

    /// What ended a command, where nothing else is told of it.
    static func annotate(_ failure: Failure) {
        annotate(failure.code.rawValue, [failure.message, failure.remedy].compactMap(\.self).joined(separator: "\n"))
    }

    /// - Parameter code: a processor's own one, perhaps.
    static func annotate(_ code: String, _ message: String) {
        if isWorkflow { Output.commands([Annotation(code, message).text]) }
    }

    static func annotate(_ diagnostics: [Diagnostic]) {
        if isWorkflow { Output.commands(Annotations(diagnostics.filter { $0.severity != .note }).lines) }
    }

    /// What is wrong with the registry, and what failed of some processors, for a command that has no report.
    static func annotate(_ failures: [(ProcessorRef?, Failure)], in workspace: Workspace) async {
        if isWorkflow { annotate(await CIReport.findings(failures, in: workspace).map(\.diagnostic)) }
    }

    /// How a command ended that told the runner of no error: something is wrong, and its output says what.
    static func annotate(end code: ExitCode) {
        // Done, changes pending, interrupted.
        guard ![0, 2].contains(code.rawValue), code.rawValue < 128, !Output.hasToldOfError else { return }
        let name = CommandLine.arguments.dropFirst().prefix { !$0.hasPrefix("-") }.joined(separator: " ")
        annotate("exit code \(code.rawValue)", "pinion \(name) ended so: what is wrong is in its output")
    }

    /// What came of a plan that was applied.
    ///
    /// - Parameters:
    ///   - failures: what failed besides.
    ///   - code: what the command ends with.
    init?(
        of report: RunReport, _ plan: Plan, _ failures: [(ProcessorRef?, Failure)], endingWith code: ExitCode,
        in workspace: Workspace
    ) async {
        self.init(await CIReport(report, plan, failures, endingWith: code, in: workspace))
    }

    /// What would be done.
    init?(of plan: Plan, in workspace: Workspace) async {
        self.init(await CIReport(plan, in: workspace))
    }
}

extension CIReport {
    init(
        _ report: RunReport, _ plan: Plan, _ failures: [(ProcessorRef?, Failure)], endingWith code: ExitCode,
        in workspace: Workspace
    ) async {
        let failed = report.entries.flatMap { entry in entry.failures.map { (entry.ref as ProcessorRef?, $0) } }
        let findings = await Self.findings(failed + report.failures.map { (nil, $0) } + failures, in: workspace)
        let state: LaneReport.State = code == .success ? .passed : code == ExitCode(3) ? .refused : .failed
        self.init(report, title: "reconcile", plan: plan, findings: findings, state: state)
    }

    init(_ plan: Plan, in workspace: Workspace) async {
        self.init(
            title: "plan", environment: plan.environment,
            state: workspace.hasErrors || !plan.blocked.isEmpty ? .failed : .passed, commit: plan.commit)
        self.plan = PlanText(plan, style: .plain).text
        note = PlanText(plan, style: .plain).summary
        refs = plan.items.map(\.ref)
        findings = await Self.findings(plan.blocked.map { ($0.ref, $0.failure) }, in: workspace)
    }

    /// What runs otherwise than it should, at the specs that say how it should.
    init(_ drift: Drift, in workspace: Workspace) async {
        self.init(
            title: "drift", environment: drift.environment,
            state: drift.failures.isEmpty && !workspace.hasErrors ? .passed : .failed, commit: drift.commit)
        note = "Looked at \(counted(drift.processors, "processor"))."
        refs = Set(drift.findings.compactMap(\.ref)).sorted()
        findings = await Self.findings(drift.failures, in: workspace)
    }

    /// What is wrong with the registry, and what failed, each at its place.
    fileprivate static func findings(
        _ failures: [(ProcessorRef?, Failure)], in workspace: Workspace
    ) async -> [Finding] {
        let places = ProblemPlaces(workspace)
        var findings = workspace.diagnostics.map { Finding($0) }
        for (ref, failure) in failures {
            let place = await places.place(of: failure, ref, otherwise: EnvironmentSpec.file)
            findings.append(
                Finding(
                    Diagnostic(
                        .error, failure.code, failure.message, file: place.file, line: place.line,
                        column: place.column, fix: failure.remedy),
                    ref: ref, detail: failure.detail))
        }
        return findings
    }
}

extension Drift {
    /// What runs otherwise than it should, and what can't be told, as something that is wrong.
    var failures: [(ref: ProcessorRef?, failure: Failure)] {
        unseen.map { ($0.ref, $0.failure) }
            + findings.map { finding in
                let what = "\(finding.app) has drifted (\(finding.kind.rawValue))"
                return (
                    finding.ref,
                    Failure(
                        .registryMismatch, "\(what): expected \(finding.expected), is \(finding.actual)",
                        remedy: "Mend it: pinion reconcile --env \(environment)")
                )
            }
    }
}
