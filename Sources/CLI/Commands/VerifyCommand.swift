import ArgumentParser
import DeploymentModel
import Reconciliation
import RegistryCatalog

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Test again what runs: fresh evidence, or none.",
        discussion: """
            The mock smoke runs where the processor does. What passes may be promoted where gates ask for fresh evidence; \
            what fails loses its evidence, and is refused from then on.
            """)

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: ArgumentHelp("The processors. Default: all that the environment runs.", valueName: "ref"))
    var refs: [ProcessorRef] = []

    @OptionGroup var reconciling: ReconcilingOptions

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options)
            let session = try await Session(workspace, options)
            let records = workspace.records.values.filter {
                (refs.isEmpty && $0.applied != nil) || refs.contains($0.ref)
            }
            let unknown = Set(refs).subtracting(records.map(\.ref))
            guard unknown.isEmpty else {
                throw Failure(
                    .functionNotFound,
                    "'\(workspace.environment.name)' has no record of \(unknown.sorted().map(\.description).joined(separator: ", "))"
                )
            }
            let failures = try await reconciling.showing { show throws(Failure) in
                try await session.verify(
                    records.map(\.ref).sorted(), parallelism: reconciling.parallelism, show: show)
            }
            for failure in failures.sorted(by: { $0.key < $1.key }).map(\.value) where failure.code == .lease {
                Output.note(FailureText(failure, style: .standardError).text)
            }
            if reconciling.json { Output.result(try JSONText(failures).text) }
            let count = records.count - failures.count
            if !reconciling.json { Output.view("\(counted(count, "processor")) passed, \(failures.count) failed") }
            await CIPublication.annotate(failures.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, in: workspace)
            if failures.isEmpty { return .success }
            return failures.values.allSatisfy { $0.code == .lease } ? ExitCode(3) : .failure
        }
    }
}
