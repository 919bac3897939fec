import ArgumentParser
import JSON
import RegistryCatalog

struct RegistrySchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of a registry file, for editors.",
        discussion: """
            Keep it in a file, and name it on the first line of a spec:

              pinion registry schema > registry/processor.schema.json
              # yaml-language-server: $schema=../../processor.schema.json
            """)

    @Option(help: "processor, tool, schema, policy, prompt or environments.")
    var kind = SpecSchema.processor

    func run() { Output.result(kind.document.pretty) }
}

extension SpecSchema: ExpressibleByArgument {}
