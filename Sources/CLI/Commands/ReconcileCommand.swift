import ArgumentParser
import DeploymentModel
import Reconciliation

struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Make an environment what the registry says.",
        discussion: """
            Reads the branch tip (never the working tree), compares it with what runs, and does the difference: \
            build, pin, deploy, smoke-test, record. A second run without a change does nothing. One failure does not stop the others; the next run carries on.
            """)

    @OptionGroup var options: WorkspaceOptions

    @OptionGroup var targets: TargetOptions

    @OptionGroup var build: BuilderOptions

    @OptionGroup var modal: ModalPlanOptions

    @OptionGroup var reconciling: ReconcilingOptions

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let workspace = try targets.narrowed(try await Workspace(options, listsContainers: true))
            let session = try await Session(workspace, options, build: build.settings)
            return try await reconciling.reconcile(
                workspace, session, secrets: try await modal.secrets(of: workspace),
                prunes: try modal.prunes(workspace))
        }
    }
}
