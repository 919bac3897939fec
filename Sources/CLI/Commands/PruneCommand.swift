import ArgumentParser
import DeploymentModel

struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Stop the apps of branches that are gone.",
        discussion: """
            Where apps are named by branch and user. A branch is gone when the git remote has none of that name now; what \
            is not pushed yet is no branch of it. Apps that Pinion did not deploy stay, and so do those whose branch can't \
            be told. The environment has to allow it ('prune: true').

            pinion prune --env dev --dry-run
            pinion prune --env dev
            """)

    @OptionGroup var options: WorkspaceOptions

    @Flag(help: "Show what would be stopped, and stop nothing.")
    var dryRun = false

    @Flag(help: "Print it as JSON.")
    var json = false

    func validate() throws {
        guard options.env != nil else { throw ValidationError("Name the environment with --env.") }
    }

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let pruning = try await Pruning(options)
            var report = try await pruning.look()
            if !dryRun, !report.gone.isEmpty {
                Output.note(PruneText(report, style: .standardError).text + "\n")
                report = try await pruning.prune(report)
            }
            try Output.show(report, asJSON: json, PruneText(report, style: .standardOutput).text)
            for failure in report.failures { CIPublication.annotate(failure) }
            return report.failures.first.map { ExitCode(for: $0) } ?? .success
        }
    }
}
