import ArgumentParser
import DeploymentModel
import FoundationEssentials
import RegistryCatalog
import SystemPackage

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

    @Argument(help: ArgumentHelp("The lane.", valueName: "name"), completion: CatalogCompletion.lanes)
    var name: String

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

    @Option(
        help: ArgumentHelp("Write the tests to this file as JUnit XML, in place of the lane's own.", valueName: "file"),
        completion: .file())
    var junit: String?

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
            var run = LaneRun(
                lane, source,
                LaneRun.Settings(
                    build: build.settings, secrets: secrets, targets: targets, parallelism: parallelism,
                    platform: platform, display: verbosity.display))
            await run.run()
            await run.keep()
            let publication = LanePublication(run, variables)
            try publication.write(lane, junit: junit)
            Output.result(json ? try JSONText(run.report).text : LaneText(run.report, style: .standardOutput).text)
            if let failure = run.failure { return ExitCode(for: failure) }
            return switch run.report.state {
            case .passed, .skipped: .success
            case .failed: .failure
            case .refused: ExitCode(3)
            }
        }
    }
}

/// The report of a lane, at the places where CI looks for it.
struct LanePublication {
    private let run: LaneRun
    private let variables: [String: String]

    init(_ run: LaneRun, _ variables: [String: String]) {
        self.run = run
        self.variables = variables
    }

    /// - Throws: `Failure` with `ERR_INPUTS` for a file that can't be written.
    func write(_ lane: LaneSpec, junit: String?) throws(Failure) {
        var (file, hasSummary) = (junit, false)
        for case .report(let own, let summary) in lane.steps {
            file = junit ?? own
            hasSummary = summary
        }
        if let file { try Self.write(run.report.junit + "\n", to: file, options: [.create, .truncate]) }
        if hasSummary, let file = variables["GITHUB_STEP_SUMMARY"], !file.isEmpty {
            // Other steps of the job have their own say there.
            try Self.write(
                LaneSummary(run.report, plan: run.plan).text, to: file, options: [.create, .append])
        }
        for step in run.report.steps {
            for diagnostic in step.diagnostics where diagnostic.severity != .note {
                let source = run.source.catalog.sources[diagnostic.file]
                Output.note(DiagnosticText(diagnostic, source: source, style: .standardError).text + "\n")
            }
        }
        guard variables["GITHUB_ACTIONS"] == "true" else { return }
        // The runner reads them on stderr, too, and stdout carries the result alone.
        for step in run.report.steps {
            for diagnostic in step.diagnostics where diagnostic.severity != .note {
                Output.note(Annotation(diagnostic).text)
            }
            for problem in step.problems {
                Output.note(
                    Annotation(
                        Diagnostic(
                            .error, problem.failure.code, problem.failure.message, file: problem.file,
                            fix: problem.failure.remedy)
                    ).text)
            }
        }
    }

    private static func write(
        _ text: String, to path: String, options: FileDescriptor.OpenOptions
    ) throws(Failure) {
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: options,
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            defer { try? file.close() }
            try file.writeAll(text.utf8)
        } catch { throw Failure(.inputs, "\(path) can't be written: \(error)") }
    }
}
