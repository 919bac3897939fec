import ArgumentParser
import DeploymentModel
import FoundationEssentials

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "What is set, and where it comes from.", subcommands: [ShowCommand.self])

    struct ShowCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show every setting that is in force.",
            discussion: """
                What counts, in this order: an option, a variable of the environment, a file, the default. Of secrets it \
                is shown whether they have a value, and never the value.

                pinion config show --origin --env staging
                """)

        @OptionGroup var options: WorkspaceOptions

        @Flag(help: "Show where each comes from: the option, the variable, or the file with its line.")
        var origin = false

        @Flag(help: "Print them as JSON, with where they come from.")
        var json = false

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let settings = try await Settings(options, variables: ProcessInfo.processInfo.environment).all
                try Output.show(
                    settings, asJSON: json, SettingsText(settings, showsOrigin: origin, style: .standardOutput).text)
                return .success
            }
        }
    }
}
