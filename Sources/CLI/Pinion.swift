import ArgumentParser

@main
struct Pinion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pinion",
        abstract: "Turns a git repository of processor specs into running, tested, digest-pinned functions.",
        discussion: """
            Pinion reads the specs of a git commit, builds one image per platform from exactly that commit, pins the \
            digests back into the specs, starts each processor by its digest, tests it, and records what is true.

            About the ideas behind it: pinion help TOPIC, of \
            \(Topic.allCases.map(\.rawValue).joined(separator: ", ")). About an error: pinion explain CODE.
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Work",
                subcommands: [
                    InitCommand.self, NewCommand.self, DevCommand.self, ValidateCommand.self, PlanCommand.self,
                    ShowCommand.self,
                    ApplyCommand.self,
                    ReconcileCommand.self, RunProcessorCommand.self, LocalctlCommand.self, ConformanceCommand.self,
                ]),
            CommandGroup(
                name: "Image",
                subcommands: [
                    BuildCommand.self, PushCommand.self, PinCommand.self, PullCommand.self, VerifyPinsCommand.self,
                    ReproCommand.self, ContextCommand.self, ExplainKeyCommand.self,
                ]),
            CommandGroup(
                name: "Look",
                subcommands: [
                    StatusCommand.self, WhyCommand.self, HistoryCommand.self, DiffCommand.self, DriftCommand.self,
                    SnapshotCommand.self, RegistryCommand.self,
                ]),
            CommandGroup(
                name: "Release",
                subcommands: [
                    LaneCommand.self, PromoteCommand.self, VerifyCommand.self, ApproveCommand.self,
                    RollbackCommand.self, HoldCommand.self, LeaseCommand.self,
                ]),
            CommandGroup(
                name: "Modal",
                subcommands: [
                    ModalctlCommand.self, AdoptCommand.self, SyncSecretsCommand.self, SyncModalCommand.self,
                    PruneCommand.self,
                    ModalCommand.self,
                ]),
            CommandGroup(
                name: "Set-up and help",
                subcommands: [
                    DoctorCommand.self, ConfigCommand.self, CompletionsCommand.self, ExplainCommand.self,
                    HelpCommand.self, VersionCommand.self, ReferenceCommand.self,
                ]),
        ])

    static func main() async {
        Process.ignoreBrokenPipes()
        do {
            // A flag that may have a value: the library knows only flags without and options with one.
            let arguments = CommandLine.arguments.dropFirst().map { $0 == "--build=now" ? "--build-now" : $0 }
            var command = try await asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Output.flush()
        } catch {
            if exitCode(for: error) == .validationFailure, !(error is ExitCode) {
                var lines = fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false)
                if let hint = await CommandLineHint.text(
                    about: String(lines[0]), Array(CommandLine.arguments.dropFirst()))
                {
                    lines.insert("  \(hint)", at: 1)
                }
                Output.note(lines.joined(separator: "\n"))
                CIPublication.annotate("usage", lines.joined(separator: "\n"))
                Output.flush()
                exit(withError: ExitCode.validationFailure)
            }
            CIPublication.annotate(end: exitCode(for: error))
            Output.flush()
            exit(withError: error)
        }
    }
}
