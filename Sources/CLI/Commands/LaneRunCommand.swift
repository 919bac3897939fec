import ArgumentParser
import DeploymentModel
import FoundationEssentials
import RegistryCatalog

struct LaneRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Do the steps of a lane, in their order.",
        discussion: """
            A step that fails ends the lane; what remains is told as left out, and the report is made all the same. A lane \
            with 'changed_only' is about what a change touches: --base says where it begins, and in a pull or merge \
            request of GitHub and GitLab that is known.

            pinion lane run pr --base origin/main
            pinion lane run staging --remote origin
            """)

    @Argument(
        help: ArgumentHelp("The lane. Without one, the lanes that there are are shown.", valueName: "name"),
        completion: CatalogCompletion.lanes)
    var name: String?

    @OptionGroup var options: WorkspaceOptions

    @Option(help: ArgumentHelp("Only what changed since the merge base with this revision.", valueName: "rev"))
    var base: String?

    @OptionGroup var targets: TargetOptions

    @Option(
        help: ArgumentHelp(
            "Only judge, build and push for this platform, for jobs on machines of their own; the lane itself pins the pair.",
            valueName: "platform"))
    var platform: Platform?

    @OptionGroup var build: BuilderOptions

    @OptionGroup var secrets: SecretSourceOptions

    @Option(help: ArgumentHelp("How many processors are worked on at once.", valueName: "n"))
    var parallelism = 4

    @OptionGroup var reports: ReportOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard (1...64).contains(parallelism) else { throw ValidationError("--parallelism is a number from 1 to 64.") }
        guard options.env == nil else { throw ValidationError("The lane says which environment it is about.") }
    }

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let variables = ProcessInfo.processInfo.environment
            var source = try await LaneSource(options, since: base)
            guard let name else {
                let lanes = source.catalog.lanes
                Output.note(
                    lanes.isEmpty
                        ? Catalog.noLanes
                        : "Which lane? pinion lane run NAME\n\n" + source.catalog.lanesText(.standardError))
                return .validationFailure
            }
            var lane = try source.catalog.lane(named: name)
            if lane.isChangedOnly, base == nil {
                guard let standard = LaneSource.standardBase(variables) else {
                    throw Failure(
                        .inputs, "the lane '\(name)' is about a change, and nothing says where it begins",
                        remedy: "Name the revision that it is to be merged into: --base origin/main")
                }
                source = try await LaneSource(options, since: standard)
                lane = try source.catalog.lane(named: name)
            }
            if platform != nil, !lane.has(.push) {
                throw Failure(
                    .inputs, "the lane '\(name)' pushes nothing that another machine could build",
                    remedy: "Leave --platform away.")
            }
            let files = try ReportFiles(reports, of: lane, variables)
            var run = LaneRun(
                lane, source,
                LaneRun.Settings(
                    build: build.settings, secrets: secrets, targets: targets, parallelism: parallelism,
                    platform: platform, display: verbosity.display))
            await run.run()
            await run.keep()
            for step in run.report.steps {
                for diagnostic in step.diagnostics where diagnostic.severity != .note {
                    let source = run.source.catalog.sources[diagnostic.file]
                    Output.note(DiagnosticText(diagnostic, source: source, style: .standardError).text + "\n")
                }
            }
            try Output.show(run.report, asJSON: json, LaneText(run.report, style: .standardOutput).text)
            let code: ExitCode =
                if let failure = run.failure { ExitCode(for: failure) } else {
                    switch run.report.state {
                    case .passed, .skipped: .success
                    case .failed: .failure
                    case .refused: ExitCode(3)
                    }
                }
            return code.after { () throws(Failure) in try files.publish(run, variables) }
        }
    }
}
