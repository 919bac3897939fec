import ArgumentParser
import DeploymentModel
import RegistryCatalog

/// In place of the library's own, which knows no topics.
struct HelpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "Show the help of a command, or explain a topic.")

    @Argument(
        help: ArgumentHelp("A command, with its subcommand perhaps, or a topic.", valueName: "topic"),
        completion: .list(names))
    var words: [String] = []

    private static var names: [String] {
        Pinion.configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
            + Topic.allCases.map(\.rawValue)
    }

    func run() async throws {
        guard let first = words.first else {
            Output.result(Pinion.helpMessage())
            return
        }
        if words.count == 1, first.uppercased().hasPrefix("ERR_") {
            return try await reporting { () async throws(Failure) -> ExitCode in
                let explanation = ErrorExplanation(try ExplainCommand.find(first))
                Output.view(ErrorExplanationText(explanation, style: .standardOutput).text)
                return .success
            }
        }
        let topic = words.count == 1 ? Topic(rawValue: first) : nil
        // 'drift' is a topic and a command: both are shown, the topic first.
        if let topic { Output.view(TopicText(topic, style: .standardOutput).text) }
        guard let command = Self.command(words) else {
            if topic != nil { return }
            let near = Suggestion.near(first, among: Self.names).map { " Did you mean '\($0)'?" } ?? ""
            let topics = Topic.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(
                "There is no command or topic '\(words.joined(separator: " "))'.\(near) Topics: \(topics).")
        }
        Output.result((topic == nil ? "" : "\n") + Pinion.helpMessage(for: command))
    }

    private static func command(_ words: [String]) -> (any ParsableCommand.Type)? {
        var command: any ParsableCommand.Type = Pinion.self
        for word in words {
            let below = command.configuration.subcommands.first { child in
                child._commandName == word || child.configuration.aliases.contains(word)
            }
            guard let below else { return nil }
            command = below
        }
        return command
    }
}
