import ArgumentParser

struct ModalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "modal", abstract: "Work with Modal's own tools.", subcommands: [ModalRenderCommand.self])
}
