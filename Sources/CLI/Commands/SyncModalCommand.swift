import ArgumentParser
import DeploymentModel
import Reconciliation
import RegistryCatalog

struct SyncModalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync_modal", abstract: "Deploy all pinned processors of an environment.",
        discussion: """
            Builds, pins and tests nothing: that is what 'pinion reconcile' does. What is deployed already as it should \
            be is left alone.

            pinion sync_modal --env staging
            """)

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var deployment: DeploymentOptions

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options, on: .modal)
            DiagnosticReport(workspace).show()
            let code = try await deployment.deploy(try workspace.deploying(nil, pins: workspace.pins), options)
            return workspace.hasErrors ? .failure : code
        }
    }
}

/// Deploying what is pinned; the same for one processor and for all.
struct DeploymentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many processors are worked on at once.", valueName: "n"))
    var parallelism = 8

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        guard (1...64).contains(parallelism) else { throw ValidationError("--parallelism is a number from 1 to 64.") }
    }

    /// - Parameter adjust: what is changed in the plan.
    func deploy(
        _ workspace: Workspace, _ options: WorkspaceOptions, adjust: (Plan) -> Plan = { $0 }
    ) async throws(Failure) -> ExitCode {
        let session = try await Session(workspace, options)
        let plan = adjust(try await session.plan().untested)
        for blocked in plan.blocked { Output.tell(blocked.failure, of: "\(blocked.ref)  ") }
        let report = try await EventDisplay(.normal).showing { show throws(Failure) in
            try await session.apply(plan, parallelism: parallelism, show: show)
        }
        if json {
            Output.result(try JSONText(report).text)
        } else if plan.isEmpty {
            Output.view(PlanText(plan, style: .standardOutput).summary)
        } else {
            Output.view(ReportText(report, broken: 0, style: .standardOutput).text)
        }
        if let missing = plan.blocked.first(where: { $0.failure.code == .missingSecret }) {
            return ExitCode(for: missing.failure)
        }
        return ExitCode(for: report)
    }
}
