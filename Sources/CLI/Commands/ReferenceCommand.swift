import ArgumentParser
import DeploymentModel

/// Writes the pages of the docs that are made from the program itself: `make docs`.
struct ReferenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print a page of the docs in Markdown: commands or errors.",
        shouldDisplay: false)

    enum Page: String, CaseIterable, ExpressibleByArgument { case commands, errors }

    @Argument(help: "commands or errors.")
    var page: Page

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            switch page {
            case .commands: Output.piece(try CommandReference(Pinion.self).markdown)
            case .errors: Output.piece(ErrorReference().markdown)
            }
            return .success
        }
    }
}
