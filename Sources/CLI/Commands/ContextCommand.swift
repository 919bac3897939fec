import ArgumentParser
import DeploymentModel
import Git
import RegistryCatalog
import SystemPackage

struct ContextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context", abstract: "Write the build context, as a builder gets it.",
        discussion: """
            A tar archive of what the build can see at the commit, and the Dockerfile. The same commit gives the same \
            bytes. See what is in it with: pinion context ns/name@1 | tar -t
            """)

    @Argument(help: "The processor, as ns/name@ver.") var ref: ProcessorRef
    @OptionGroup var options: RevisionOptions
    @Option(
        name: [.short, .long], help: ArgumentHelp("Write it to this file; - is stdout.", valueName: "file"),
        completion: .file())
    var output = "-"

    func validate() throws {
        guard output != "-" || !Terminal.standardOutput.isTerminal else {
            throw ValidationError("A terminal can't show a tar archive: name a file with --output, or pipe it to tar.")
        }
    }

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let repository = try await options.open()
            let context = try await ProcessorBuild(of: ref, at: options.rev ?? "HEAD", in: repository).built().context
            try await write(context, from: repository)
            if let hidden = context.hidden {
                Output.note("For the builder alone, kept from the build: \(hidden.paths.joined(separator: ", "))")
            }
            return .success
        }
    }

    private func write(_ context: BuildContext, from repository: GitRepository) async throws(Failure) {
        guard output != "-" else {
            return try await context.write(to: .standardOutput, named: "stdout", from: repository)
        }
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(
                FilePath(output), .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch { throw Failure(.spec, "\(output) cannot be written: \(error)") }
        defer { try? file.close() }
        try await context.write(to: file, named: output, from: repository)
    }
}
