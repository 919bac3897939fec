import ArgumentParser
import DeploymentModel
import FoundationEssentials
import RegistryCatalog

struct RegistrySchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of a registry file, for editors.",
        discussion: """
            With --output the schemas of all kinds go to a folder, as KIND.schema.json. A spec names its own on a line of \
            its own, which yaml-language-server reads; the path counts from the spec:

              pinion registry schema --output registry
              # yaml-language-server: $schema=../../processor.schema.json
            """)

    @Option(help: "processor, tool, schema, policy, prompt, environments or lane.")
    var kind = SpecSchema.processor

    @Option(
        name: [.short, .long], help: ArgumentHelp("Write the schemas of all kinds below it.", valueName: "folder"),
        completion: .directory)
    var output: String?

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            guard let output else {
                Output.result(kind.text)
                return .success
            }
            do {
                try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
                for kind in SpecSchema.allCases {
                    let file = "\(output)/\(kind.fileName)"
                    try Data((kind.text + "\n").utf8).write(to: URL(filePath: file), options: .atomic)
                    Output.result(file)
                }
            } catch { throw Failure(.spec, "the schemas cannot be written to \(output): \(error)") }
            return .success
        }
    }
}

extension SpecSchema: ExpressibleByArgument {}
