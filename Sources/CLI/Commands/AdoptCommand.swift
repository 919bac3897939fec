import ArgumentParser
import DeploymentModel
import Modal
import OCI
import Reconciliation

struct AdoptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Take over what runs on Modal already into the records.",
        discussion: """
            For apps that were deployed by hand, by another tool, or when there were no records. What is deployed is looked \
            at from outside and held against what is desired. What matches is tested and recorded as applied, so that the \
            next plan has nothing to do for it; of what does not, it is recorded what runs, and the next plan deploys it. \
            Shows that first, and records nothing without a yes; deploys nothing at all.

            pinion adopt --env staging
            pinion adopt --env staging llm/litellm@1 --yes
            """)

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: ArgumentHelp("The processors. Default: all that the environment wants.", valueName: "ref"))
    var refs: [ProcessorRef] = []

    @Flag(help: "Record it without a question.")
    var yes = false

    @Option(help: ArgumentHelp("How many processors are tested at once.", valueName: "n"))
    var parallelism = 4

    @Flag(help: "Print what can be taken over as JSON.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard (1...64).contains(parallelism) else { throw ValidationError("--parallelism is a number from 1 to 64.") }
    }

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options, on: .modal).wanting(refs)
            DiagnosticReport(workspace).show()
            let session = try await Session(workspace, options)
            let adoption = try await session.adoption()
            try Output.show(adoption, asJSON: json, AdoptionText(adoption, style: .standardOutput).text)
            guard !adoption.items.isEmpty else { return .success }
            let isWanted = yes ? true : await Confirmation.ask("Record it?")
            guard !Task.isCancelled else { return .failure }
            guard isWanted == true else {
                Output.note("Nothing was recorded. Record it with: --yes")
                return .success
            }
            // What is proven now is as desired; what is not is something else; of what another run holds it is not known.
            let refused = try await session.prove(adoption.unproven)
            guard refused.isEmpty else {
                tell(refused)
                Output.note("Nothing was recorded. Adopt again when that run is over.")
                return ExitCode(3)
            }
            return try await record(adoption.unproven.isEmpty ? adoption : try await session.adoption(), session)
        }
    }

    private func tell(_ refused: [ProcessorRef: Failure]) {
        for (_, failure) in refused.sorted(by: { $0.key < $1.key }) { Output.tell(failure) }
    }

    private func record(_ adoption: Adoption, _ session: Session) async throws(Failure) -> ExitCode {
        let mark = RefRecord.Adoption(by: session.author, since: Session.now())
        let unmatched = adoption.unmatched(mark)
        var refused: [ProcessorRef: Failure] = [:]
        if !unmatched.isEmpty {
            try await session.changing(unmatched.map(\.ref), what: "adopt") { leased throws(Failure) in
                refused = leased.refused
                return unmatched.filter { leased.refused[$0.ref] == nil && leased.records[$0.ref]?.binding == nil }
            }
        }
        let parallelism = parallelism
        let report = try await verbosity.display.showing { show throws(Failure) in
            try await session.apply(adoption.matching(mark), parallelism: parallelism, show: show)
        }
        tell(refused)
        if !report.entries.isEmpty { Output.note(ReportText(report, broken: 0, style: .standardError).text) }
        guard refused.isEmpty else { return report.hasFailures && !report.isRefused ? .failure : ExitCode(3) }
        return ExitCode(for: report)
    }
}

extension Session {
    /// Has Modal tell of apps that somebody else deployed whether their images are those of the digests that are desired.
    ///
    /// - Returns: why not of those that another run holds.
    fileprivate func prove(_ items: [PlanItem]) async throws(Failure) -> [ProcessorRef: Failure] {
        guard !items.isEmpty, let modal else { return [:] }
        var refused: [ProcessorRef: Failure] = [:]
        try await changing(items.map(\.ref), what: "prove") { leased throws(Failure) in
            refused = leased.refused
            for item in items where leased.refused[item.ref] == nil {
                guard let function = item.deploy?.function, let image = item.images[.amd64] else { continue }
                let isProven = try await modal.platform.bind(
                    FunctionSpec(
                        item.processor, name: function.name, image: image,
                        configuration: try await registry.configuration(of: image), secrets: function.secrets,
                        registryAuth: try await registry.isPublic(image) ? nil : FunctionSpec.registryAuth))
                if !isProven {
                    Output.note("  ~ \(item.ref)  \(function.name.app) runs another image than that of \(image)")
                }
            }
            return []
        }
        return refused
    }
}

/// What can be taken over, for people.
struct AdoptionText {
    let text: String

    init(_ adoption: Adoption, style: Style) {
        var lines = [style.bold("\(adoption.environment) ← \(adoption.commit.prefix(7))"), ""]
        for item in adoption.items {
            let deployed = [item.since.map { "since \($0)" }, item.by.map { "by \($0)" }].compactMap(\.self)
            let facts =
                ["\(item.app) version \(item.version)", item.digest?.short ?? "no digest in its tags"] + deployed
            let mark = item.differences.isEmpty ? style.green("✓") : style.yellow("~")
            lines.append("  \(mark) \(style.bold(item.ref.description))  \(facts.joined(separator: ", ").printable)")
            if item.differences.isEmpty {
                let tests = item.tests.map(\.rawValue).joined(separator: ", ")
                if item.isUnproven { lines.append("      ask      Modal, whether its image is that of the digest") }
                lines.append("      record   as desired\(tests.isEmpty ? "" : ", once it has passed: \(tests)")")
            } else {
                lines += item.differences.map { "      differs  \($0.printable)" }
                lines.append("      record   what runs; the next plan deploys \(item.desired.short)")
            }
        }
        for omission in adoption.omissions {
            lines.append(style.dim("  = \(omission.ref)  left out: \(omission.reason.printable)"))
        }
        let matches = adoption.items.count(where: \.differences.isEmpty)
        let others = adoption.items.count - matches
        lines += [
            "",
            "\(matches) as desired, \(others) to be deployed by the next plan, \(adoption.omissions.count) left out.",
        ]
        text = lines.joined(separator: "\n")
    }
}
