import ArgumentParser
import DeploymentModel
import Reconciliation

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what is recorded, and what really runs.",
        discussion: """
            What needs attention comes first: specs with errors, where the last run on this host failed, what does not \
            run as it should, rollbacks that are in force. Exits with 69 or 77 when Docker or Modal could not be asked, \
            else with 1 when a spec has errors; what is recorded is shown all the same.
            """)

    @OptionGroup var options: WorkspaceOptions

    @Flag(help: "Print it as JSON.")
    var json = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options)
            var (deployed, unseen): (StatusRow.Deployed?, Failure?)
            do throws(Failure) {
                deployed = try await Session(workspace, options).deployed()
            } catch { unseen = error }
            let rows = StatusRow.rows(
                desired: workspace.desired, records: workspace.records, deployed: deployed,
                failures: await workspace.lastFailures())
            let errors = workspace.diagnostics.filter { $0.severity == .error }
            if json {
                DiagnosticReport(workspace).show()
                if let unseen { Output.note(FailureText(unseen, style: .standardError).text) }
                Output.result(try JSONText(rows).text)
            } else {
                Output.view(
                    StatusText(
                        rows, of: workspace.desired.environment, unseen: unseen, errors: errors, style: .standardOutput
                    ).text)
            }
            if let unseen { CIPublication.annotate(unseen) }
            CIPublication.annotate(errors)
            if let unseen { return ExitCode(for: unseen) }
            return errors.isEmpty ? .success : .failure
        }
    }
}
