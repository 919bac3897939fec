import ArgumentParser
import DeploymentModel
import Reconciliation
import Records

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show what was recorded, when, and by whom.",
        discussion: """
            pinion history --env main
            pinion history --env main llm/litellm@1 -n 5
            """)

    @OptionGroup var options: RecordsOptions
    @Option(help: ArgumentHelp("The environment.", valueName: "name"), completion: CatalogCompletion.environments)
    var env = "local"
    @Argument(help: ArgumentHelp("One processor alone.", valueName: "ref")) var ref: ProcessorRef?
    @Option(name: .customShort("n"), help: ArgumentHelp("How many commits at most.", valueName: "count"))
    var count = 20
    @Flag(help: "Print it as JSON.") var json = false

    func validate() throws {
        guard count > 0 else { throw ValidationError("-n is how many commits to show, from 1.") }
    }

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let store = try await options.store()
            try await options.check(env, in: store)
            let entries = try await store.log(of: env, ref: ref, limit: count).map(HistoryEntry.init)
            if json {
                Output.result(try JSONText(entries).text)
            } else if entries.isEmpty {
                Output.note("Nothing is recorded of \(ref?.description ?? "any processor") in \(env).")
            } else {
                Output.view(HistoryText(entries, style: .standardOutput).text)
            }
            return .success
        }
    }
}

struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two environments by their records.")

    @OptionGroup var options: RecordsOptions
    @Argument(help: ArgumentHelp("An environment.", valueName: "name"), completion: CatalogCompletion.environments)
    var first: String
    @Argument(help: ArgumentHelp("Another one.", valueName: "name"), completion: CatalogCompletion.environments)
    var second: String
    @Flag(help: "Print it as JSON.") var json = false
    @Flag(help: "Exit with 2 when they differ.") var detailedExitcode = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let store = try await options.store()
            for name in [first, second] { try await options.check(name, in: store) }
            let difference = EnvironmentDifference(
                first, try await store.records(of: first), second, try await store.records(of: second))
            try Output.show(
                difference, asJSON: json, EnvironmentDifferenceText(difference, style: .standardOutput).text)
            return detailedExitcode && !difference.entries.isEmpty ? ExitCode(2) : .success
        }
    }
}
