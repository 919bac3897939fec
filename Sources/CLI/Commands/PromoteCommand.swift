import ArgumentParser
import DeploymentModel
import Reconciliation
import RegistryCatalog

struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Take over what was tested in one environment into the next.",
        discussion: """
            The unit is what was tested: commit, spec and digests of a processor. Nothing is built. Each one has to be what \
            its source wants and runs, without drift, with the evidence and the approvals that the target's gates ask \
            for; what is refused says why, and the rest goes on. What is promoted is wanted by the target from then on, \
            and deployed, tested and recorded there.

            pinion promote --from staging --to main
            pinion promote --from staging --to main llm/litellm@1 --dry-run
            """)

    @OptionGroup var repository: WorkspaceOptions

    @Option(help: ArgumentHelp("The environment that has it.", valueName: "name"))
    var from: String

    @Option(help: ArgumentHelp("The environment that gets it.", valueName: "name"))
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
            let source = try await Workspace(repository.at(from))
            let target = try await Workspace(repository.at(to))
            try check(source, target)
            let promotion = try await promotion(source, target)
            Output.note(PromotionText(promotion, style: .standardError).text)
            if dryRun {
                if reconciling.json { Output.result(try JSONText(promotion).text) }
            } else {
                let code = try await take(promotion, target)
                guard code == .success else { return code }
            }
            return promotion.refused.isEmpty ? .success : ExitCode(3)
        }
    }

    private func check(_ source: Workspace, _ target: Workspace) throws(Failure) {
        guard target.environment.promotesFrom == from else {
            let allowed = target.environment.promotesFrom.map { "it promotes from '\($0)'" }
            throw Failure(
                .predicate, "'\(to)' takes nothing over from '\(from)': \(allowed ?? "it follows a branch")",
                remedy: allowed == nil
                    ? "Write 'promotes_from: \(from)' for it in \(EnvironmentSpec.file)." : "Promote from there.")
        }
        // Other images would be other bytes, and their copies are not made here.
        guard source.environment.registry == target.environment.registry else {
            throw Failure(
                .predicate, "'\(from)' and '\(to)' have different OCI registries",
                remedy: "Let both name the same one in \(EnvironmentSpec.file).")
        }
    }

    private func promotion(_ source: Workspace, _ target: Workspace) async throws(Failure) -> Promotion {
        let session = try await Session(source, repository.at(from))
        let drift = try await session.drift()
        let wanted = source.records.filter { refs.isEmpty || refs.contains($0.key) }
        return Promotion(
            from: Promotion.Source(
                environment: from, records: try await session.records(), findings: drift.findings),
            to: Promotion.Destination(
                environment: to, target: target.environment.target, records: target.records,
                gate: target.environment.gate, approvals: try await target.approvals(of: wanted)),
            refs: refs.isEmpty ? nil : refs, now: Session.now())
    }

    /// Records what the target wants from now on, and makes it so.
    private func take(_ promotion: Promotion, _ target: Workspace) async throws(Failure) -> ExitCode {
        if !promotion.items.isEmpty {
            let session = try await Session(target, repository.at(to))
            let names = promotion.items.map(\.ref.description).joined(separator: ", ")
            try await session.record(
                promotion.items.map { item in
                    // What was tested on this host holds for the same bytes wherever they are deployed.
                    let proven = item.evidence.filter { $0.adapter == "local" }
                    let record =
                        target.records[item.ref]
                        ?? RefRecord(ref: item.ref, desired: item.revision, applied: nil, binding: nil, evidence: [])
                    let kept = record.evidence.filter { old in !proven.contains { $0.isOfSameKind(as: old) } }
                    return record.wanting(item.revision, hold: nil).proven(by: kept + proven)
                }, message: "\(to): promote \(names) from \(from)\n\nPinion-Promoted-From: \(from)")
        }
        let workspace = try await Workspace(repository.at(to))
        let session = try await Session(workspace, repository.at(to))
        return try await reconciling.reconcile(
            workspace, session, secrets: try await modal.secrets(of: workspace),
            prunes: try modal.prunes(workspace))
    }
}

extension WorkspaceOptions {
    /// The same for another environment.
    func at(_ environment: String) -> WorkspaceOptions {
        var options = self
        options.env = environment
        return options
    }
}
