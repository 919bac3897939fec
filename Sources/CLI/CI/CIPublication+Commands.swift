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

    /// What ended a command, where nothing else is told of it.
    static func annotate(_ failure: Failure) {
        annotate(failure.code.rawValue, [failure.message, failure.remedy].compactMap(\.self).joined(separator: "\n"))
    }

    /// - Parameter code: a processor's own one, perhaps.
    static func annotate(_ code: String, _ message: String) {
        guard ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true" else { return }
        Output.commands([Annotation(code, message).text])
    }

    /// What failed of some processors, where that is all that there is to tell.
    init?(of failures: [(ProcessorRef?, Failure)], title: String, in workspace: Workspace) async {
        self.init(await CIReport(failures, title: title, in: workspace))
    }

    /// What came of a plan that was applied.
    init?(of report: RunReport, _ plan: Plan, _ stale: [Plan.Stale], in workspace: Workspace) async {
        self.init(await CIReport(report, plan, stale, in: workspace))
    }

    /// What would be done.
    init?(of plan: Plan, in workspace: Workspace) async {
        self.init(await CIReport(plan, in: workspace))
    }
}

extension CIReport {
    init(_ report: RunReport, _ plan: Plan, _ stale: [Plan.Stale], in workspace: Workspace) async {
        let failed = report.entries.flatMap { entry in entry.failures.map { (entry.ref as ProcessorRef?, $0) } }
        let findings = await Self.findings(
            failed + report.failures.map { (nil, $0) } + stale.map { ($0.ref, $0.failure) }, in: workspace)
        self.init(
            report, title: "reconcile", plan: plan, findings: findings,
            hasErrors: workspace.hasErrors || !stale.isEmpty)
    }

    init(_ failures: [(ProcessorRef?, Failure)], title: String, in workspace: Workspace) async {
        let isRefused = !failures.isEmpty && failures.allSatisfy { ExitCode(for: $0.1) == ExitCode(3) }
        self.init(
            title: title, environment: workspace.environment.name,
            state: isRefused ? .refused : failures.isEmpty && !workspace.hasErrors ? .passed : .failed,
            commit: workspace.catalog.commit.id.hex)
        findings = await Self.findings(failures, in: workspace)
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
    private static func findings(
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
