import ArgumentParser
import DeploymentModel
import Records

struct LaneHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show what came of the runs of lanes, the newest first.",
        discussion: """
            pinion lane history
            pinion lane history staging --remote origin -n 5
            """)

    @Argument(help: ArgumentHelp("One lane alone.", valueName: "name"), completion: CatalogCompletion.lanes)
    var lane: String?

    @OptionGroup var options: RecordsOptions

    @Option(name: .customShort("n"), help: ArgumentHelp("How many runs at most.", valueName: "count"))
    var count = 20

    @Flag(help: "Print them as JSON.")
    var json = false

    func validate() throws {
        guard count > 0 else { throw ValidationError("-n is how many runs to show, from 1.") }
    }

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let results = try await options.store().results(of: lane, limit: count)
            if json {
                Output.result(try JSONText(results).text)
            } else if results.isEmpty {
                Output.note("No run of \(lane.map { "the lane '\($0)'" } ?? "a lane") is recorded.")
            } else {
                Output.view(LaneHistoryText(results, style: .standardOutput).text)
            }
            return .success
        }
    }
}
