import ArgumentParser

@main
struct Pinion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pinion",
        abstract: "Turns a git repository of processor specs into running, tested, digest-pinned functions.",
        discussion: """
            Pinion reads the specs of a git commit, builds one image per platform from exactly that commit, pins the \
            digests back into the specs, starts each processor by its digest, tests it, and records what is true.

            Exit codes: 0 done · 1 failed · 2 changes pending (with --detailed-exitcode) · 3 refused · 4 not found · \
            64 usage · 69 a service is not there · 77 a secret is missing · 130, 143 interrupted.
            """,
        version: Version.text,
        subcommands: [
            ReconcileCommand.self, PlanCommand.self, ShowCommand.self, ApplyCommand.self, StatusCommand.self,
            BuildCommand.self, PushCommand.self,
            PullCommand.self, PinCommand.self, VerifyPinsCommand.self, ReproCommand.self, ValidateCommand.self,
            SnapshotCommand.self,
            RunProcessorCommand.self, LocalctlCommand.self, ModalctlCommand.self, SyncModalCommand.self,
            SyncSecretsCommand.self, DriftCommand.self, PromoteCommand.self, ApproveCommand.self, RollbackCommand.self,
            HoldCommand.self,
            VerifyCommand.self, HistoryCommand.self, DiffCommand.self, LeaseCommand.self, ModalCommand.self,
            PruneCommand.self, DoctorCommand.self, ConformanceCommand.self, LaneCommand.self,
            ExplainKeyCommand.self, WhyCommand.self, ContextCommand.self, RegistryCommand.self, NewCommand.self,
            VersionCommand.self,
        ])

    static func main() async {
        Process.ignoreBrokenPipes()
        do {
            // A flag that may have a value: the library knows only flags without and options with one.
            let arguments = CommandLine.arguments.dropFirst().map { $0 == "--build=now" ? "--build-now" : $0 }
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error)
        }
    }
}
