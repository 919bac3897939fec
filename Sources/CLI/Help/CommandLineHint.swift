import ArgumentParser
import DeploymentModel
import RegistryCatalog

/// What was meant by a command line that is wrong, where that can be told: a slip in the name of a command, a ref without its
/// version.
enum CommandLineHint {
    /// - Parameters:
    ///   - message: what the library says of it.
    ///   - arguments: the words after the program's name.
    static func text(about message: String, _ arguments: [String]) async -> String? {
        if let text = command(in: arguments) { return text }
        guard let ref = ref(in: message) else { return nil }
        let known = await CatalogCompletion.catalog(of: arguments)?.processors.map(\.ref.description) ?? []
        return Suggestion.text(for: ref, among: known.sorted())
    }

    /// What should be a ref: `The value 'text/stats' is invalid for '--target <ref>'`.
    private static func ref(in message: String) -> String? {
        guard let match = message.firstMatch(of: /The value '(.+?)' is invalid for '[^']*<ref>'/) else { return nil }
        return String(match.1)
    }

    /// About the first word that should be a command and is none.
    private static func command(in arguments: [String]) -> String? {
        var below = Pinion.configuration.subcommands
        for (index, word) in arguments.enumerated() {
            guard !below.isEmpty, !word.hasPrefix("-") else { return nil }
            if let next = below.first(where: { names($0).contains(word) }) {
                below = next.configuration.subcommands
                continue
            }
            let known = below.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
            let near = Suggestion.near(word, among: known).map { " Did you mean '\($0)'?" } ?? ""
            // All of them are in the help; those below a command are few.
            let all = index == 0 ? "" : " There is: \(known.joined(separator: ", "))."
            return "There is no command '\(word)'.\(near)\(all)"
        }
        return nil
    }

    private static func names(_ command: any ParsableCommand.Type) -> [String] {
        [command._commandName] + command.configuration.aliases
    }
}
