import ArgumentParser

struct NewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Begin something new, in the working directory.",
        subcommands: [NewProcessorCommand.self])
}
