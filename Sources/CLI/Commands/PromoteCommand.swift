import ArgumentParser
import DeploymentModel
import Reconciliation

struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Take what was tested over into the next environment.",
        discussion: """
            The unit is what was tested: commit, spec and digests of a processor. Nothing is built. Each one has to be what \
            its source wants and runs, without drift, with the evidence and the approvals that the target's gates ask \
            for; what is refused says why, and the rest goes on. Where the two have different OCI registries, the images \
            are copied, by digest. What is promoted is wanted by the target from then on, and deployed, tested and \
            recorded there.

            pinion promote --from staging --to main
            pinion promote --from staging --to main llm/litellm@1 --dry-run
            """)

    @OptionGroup var repository: WorkspaceOptions

    @Option(
        help: ArgumentHelp("The environment that has it.", valueName: "name"),
        completion: CatalogCompletion.environments)
    var from: String

    @Option(
        help: ArgumentHelp("The environment that gets it.", valueName: "name"),
        completion: CatalogCompletion.environments)
    var to: String

    @Argument(help: ArgumentHelp("The processors. Default: all that the source runs.", valueName: "ref"))
    var refs: [ProcessorRef] = []

    @Flag(help: "Show what would be promoted, and what not; change nothing.")
    var dryRun = false

    @OptionGroup var modal: ModalPlanOptions
    @OptionGroup var reconciling: ReconcilingOptions

    func validate() throws {
        guard repository.env == nil else { throw ValidationError("Name environments with --from and --to.") }
    }

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let promoting = try await Promoting(repository, from: from, to: to)
            let promotion = try await promoting.judge(refs)
            Output.note(PromotionText(promotion, style: .standardError).text)
            let refused = promotion.refused.flatMap { refusal in
                refusal.failures.map { (refusal.ref as ProcessorRef?, $0) }
            }
            if dryRun {
                if reconciling.json { Output.result(try JSONText(promotion).text) }
                await CIPublication.annotate(refused, in: promoting.target)
                return refused.isEmpty ? .success : ExitCode(3)
            }
            let failures = try await promoting.take(
                promotion, atOnce: reconciling.parallelism,
                report: Output.details(areShown: reconciling.verbosity.verbose)
            ).sorted { $0.key < $1.key }
            for (_, failure) in failures { Output.note(FailureText(failure, style: .standardError).text) }
            // Makes the target what it wants from now on.
            let workspace = try await Workspace(repository.at(to))
            return try await reconciling.reconcile(
                workspace, try await Session(workspace, repository.at(to)),
                secrets: try await modal.secrets(of: workspace), prunes: try modal.prunes(workspace),
                after: refused + failures.map { ($0.key, $0.value) },
                code: !failures.isEmpty
                    ? ExitCode(for: failures.map(\.value)) : refused.isEmpty ? .success : ExitCode(3))
        }
    }
}
