import ArgumentParser
import DeploymentModel
import RegistryCatalog

struct ExplainKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain-key", abstract: "List the parts of a processor's input key.",
        discussion: """
            The key names everything that a build depends on: the Dockerfile, the files of the context that it can \
            see, build arguments, target and platform. Same key, same digest. It is computed from git alone.
            """)

    @Argument(help: "The processor, as ns/name@ver.") var ref: ProcessorRef
    @OptionGroup var options: RevisionOptions
    @Option(help: "amd64 or arm64. Default: both.") var platform: Platform?
    @Flag(help: "Print it as JSON.") var json = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let repository = try await options.open()
            let build = try await ProcessorBuild(of: ref, at: options.rev ?? "HEAD", in: repository)
            let document = InputKeyDocument(build, try build.built(), platforms: platform.map { [$0] })
            try Output.show(document, asJSON: json, InputKeyText(document, style: .standardOutput).text)
            let findings = try build.built().context.diagnostics
            for finding in findings { Output.note(DiagnosticText(finding, source: nil, style: .standardError).text) }
            CIPublication.annotate(findings)
            return findings.contains { $0.severity == .error } ? .failure : .success
        }
    }
}
