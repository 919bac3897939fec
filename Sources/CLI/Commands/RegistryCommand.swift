import ArgumentParser

struct RegistryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry", abstract: "Pages about a registry, and the shape of its files.",
        subcommands: [RegistryDocsCommand.self, RegistrySchemaCommand.self])
}
