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
        try await reporting { () async throws(Failure) -> ExitCode in
            let promoting = try await Promoting(repository, from: from, to: to)
            let promotion = try await promoting.judge(refs)
            Output.note(PromotionText(promotion, style: .standardError).text)
            if dryRun {
                if reconciling.json { Output.result(try JSONText(promotion).text) }
            } else {
                let failures = try await promoting.take(
                    promotion, atOnce: reconciling.parallelism,
                    report: Output.details(areShown: reconciling.verbosity.verbose))
                for (_, failure) in failures.sorted(by: { $0.key < $1.key }) {
                    Output.note(FailureText(failure, style: .standardError).text)
                }
                let refused = promotion.refused.flatMap { refusal in refusal.failures.map { (refusal.ref, $0) } }
                let code = try await reconcile(
                    and: refused + failures.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
                guard code == .success else { return code }
                guard failures.isEmpty else { return ExitCode(for: failures.values) }
            }
            return promotion.refused.isEmpty ? .success : ExitCode(3)
        }
    }

    /// Makes the target what it wants from now on.
    ///
    /// - Parameter failures: what was not promoted, and is told of, too.
    private func reconcile(and failures: [(ProcessorRef?, Failure)]) async throws(Failure) -> ExitCode {
        let workspace = try await Workspace(repository.at(to))
        if !failures.isEmpty { try await CIPublication(of: failures, title: "promote", in: workspace)?.publish() }
        let session = try await Session(workspace, repository.at(to))
        return try await reconciling.reconcile(
            workspace, session, secrets: try await modal.secrets(of: workspace),
            prunes: try modal.prunes(workspace))
    }
}
