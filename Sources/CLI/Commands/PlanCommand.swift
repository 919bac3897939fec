import ArgumentParser
import DeploymentModel
import Reconciliation

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what reconcile would do, and why, without doing it.")

    @OptionGroup var options: WorkspaceOptions

    @OptionGroup var build: BuilderOptions

    @OptionGroup var modal: ModalPlanOptions

    @Flag(help: "Print the plan as JSON.")
    var json = false

    @Flag(help: "Exit with 2 when the plan is not empty.")
    var detailedExitcode = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options)
            DiagnosticReport(workspace).show()
            let plan = try await Session(workspace, options, build: build.settings).plan(
                secrets: try await modal.secrets(of: workspace), prunes: try modal.prunes(workspace))
            Output.result(json ? try JSONText(plan).text : PlanText(plan, style: .standardOutput).text)
            if workspace.hasErrors || !plan.blocked.isEmpty { return .failure }
            return detailedExitcode && !plan.isEmpty ? ExitCode(2) : .success
        }
    }
}
