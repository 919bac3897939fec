import ArgumentParser
import DeploymentModel
import Reconciliation

struct DriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift", abstract: "Tell what runs otherwise than it should.",
        discussion: """
            Compares what is pinned with what is recorded and with what can be seen of the deployment: digest, image, \
            spec, resources, scaling, names of secrets, versions, apps that nobody asks for. Changes nothing; \
            'pinion reconcile' mends it. Exits with 69 or 77 when Docker, Modal or an OCI registry could not be asked, and with \
            1 when a spec has errors.
            """)

    @OptionGroup var options: WorkspaceOptions

    @Flag(help: "Ask the endpoints, too: each has to be healthy, and to run the pinned digest as far as it says.")
    var live = false

    @Flag(help: "Exit with 2 when there is drift.")
    var detailedExitcode = false

    enum Format: String, CaseIterable, ExpressibleByArgument { case text, json, sarif }

    @Option(help: "How it is printed: text, json or sarif.")
    var format = Format.text

    @Flag(help: "The same as --format json.")
    var json = false

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options, listsContainers: true)
            DiagnosticReport(workspace).show()
            let session = try await Session(workspace, options)
            var drift = try await session.drift()
            if live { drift = drift.adding(try await session.liveFindings()) }
            let report = await CIReport(drift, in: workspace)
            switch json ? .json : format {
            case .text:
                Output.view(
                    DriftText(drift, failures: await workspace.lastFailures(), style: .standardOutput).text)
            case .json: Output.result(try JSONText(drift).text)
            case .sarif: Output.result(SARIF(report.diagnostics, category: report.category).text)
            }
            // What can't be asked or read can't be compared, and so is no proof of anything.
            let code =
                if let unseen = drift.unseen.first { ExitCode(for: unseen.failure) } else if workspace.hasErrors {
                    ExitCode.failure
                } else { detailedExitcode && !drift.findings.isEmpty ? ExitCode(2) : .success }
            return code.after { () throws(Failure) in try CIPublication(report)?.publish() }
        }
    }
}
