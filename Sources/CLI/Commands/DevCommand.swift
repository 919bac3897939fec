import ArgumentParser
import DeploymentModel

struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev", abstract: "Build, start and test processors anew at each change of the working tree.",
        discussion: """
            What is read is the working tree, with what is not committed; everything else reads commits. Each change \
            builds for this host's platform, starts a container without secrets and without a network, and runs the \
            spec's smoke test in it in mode mock. Nothing is pushed, pinned or recorded; the loop's containers and images \
            are gone when it ends. In a terminal: r runs again, l shows logs, q quits.

            pinion dev text/stats@1
            """)

    @Argument(
        help: ArgumentHelp(
            "The processors, as ns/name@ver. Default: all that are built here; of many, those that differ from HEAD.",
            valueName: "ref"))
    var refs: [ProcessorRef] = []

    @Option(
        help: ArgumentHelp("The git repository, with a working tree.", valueName: "path"), completion: .directory)
    var repo = "."

    @Option(help: ArgumentHelp("The buildx builder to use. Default: buildx's own choice.", valueName: "name"))
    var builder: String?

    @Flag(help: "Show what builds print.")
    var verbose = false

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let tree = try await DevTree(repo)
            let workshop = try await DevWorkshop(
                tree.repository, folder, BuilderSettings(builder: builder, isForTrying: true), isVerbose: verbose)
            var loop = try await DevLoop(refs, tree, workshop)
            try await loop.run()
            return .success
        }
    }
}
