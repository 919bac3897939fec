import ArgumentParser
import DeploymentModel
import Reconciliation

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what is recorded, and what really runs.")

    @OptionGroup var options: WorkspaceOptions

    @Flag(help: "Print it as JSON.")
    var json = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options)
            let rows = try await Session(workspace, options).status()
            Output.result(json ? try JSONText(rows).text : StatusText(rows, style: .standardOutput).text)
            return .success
        }
    }
}
