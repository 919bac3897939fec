import ArgumentParser
import DeploymentModel
import Reconciliation

/// A command about the images of some processors.
private protocol ImageCommand: AsyncParsableCommand, Sendable {
    var options: WorkspaceOptions { get }
    var selection: SelectionOptions { get }
    var output: ImageOutput { get }
    var builderSettings: BuilderSettings { get }
    static var builds: Bool { get }
    /// Whether it is about what is built here alone, unless a processor is named.
    static var isAboutBuilds: Bool { get }
    var readsWorktree: Bool { get }

    func work(_ processor: DesiredProcessor, _ operations: ImageOperations) async -> [ImageOutcome]
}

extension ImageCommand {
    var builderSettings: BuilderSettings { BuilderSettings() }
    static var builds: Bool { false }
    static var isAboutBuilds: Bool { builds }
    var readsWorktree: Bool { false }

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options, worktree: readsWorktree)
            if readsWorktree { Output.note("Read from the working tree, with what is not committed.") }
            DiagnosticReport(workspace).show()
            let processors = try selection.processors(of: workspace, built: Self.isAboutBuilds)
            let session = try await Session(workspace, options, build: builderSettings)
            let outcomes = try await output.verbosity.display.showing { show throws(Failure) in
                try await session.images(builds: Self.builds, show: show) { operations throws(Failure) in
                    var outcomes: [ImageOutcome] = []
                    for processor in processors { outcomes += await work(processor, operations) }
                    return outcomes
                }
            }
            try output.print(outcomes)
            let failures = outcomes.compactMap { outcome in outcome.failure.map { (outcome.ref as ProcessorRef?, $0) } }
            await CIPublication.annotate(failures, in: workspace)
            return failures.isEmpty ? .success : .failure
        }
    }
}

/// How a command about images shows what it did.
struct ImageOutput: ParsableArguments {
    @Flag(help: "Print the result as JSON.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func print(_ outcomes: [ImageOutcome]) throws(Failure) {
        guard !json else { return Output.result(try JSONText(outcomes).text) }
        for outcome in outcomes where outcome.failure == nil {
            let words = [outcome.ref.description, outcome.platform?.oci, outcome.image?.description, outcome.text]
            Output.result(words.compactMap(\.self).joined(separator: "  "))
        }
    }
}

struct BuildCommand: ImageCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build images into the local engine.",
        discussion: """
            Nothing is pushed, pinned or started. The image gets the name <repository>:build-<time>-<arch>; of older ones \
            three are kept. 'pinion push' sends what was built from the same inputs.
            """)

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var build: BuilderOptions
    @OptionGroup var output: ImageOutput

    @Flag(help: "Build what the working tree holds, with what is not committed.")
    var worktree = false

    var readsWorktree: Bool { worktree }
    var builderSettings: BuilderSettings { build.settings }
    static var builds: Bool { true }

    func work(_ processor: DesiredProcessor, _ operations: ImageOperations) async -> [ImageOutcome] {
        await operations.build(processor, for: selection.platform.isEmpty ? [.host] : selection.platform)
    }
}

struct PushCommand: ImageCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Push local builds and record their digests.",
        discussion: """
            What was built first from some inputs is what everybody pins: the digest that counts is printed. Platforms \
            that separate machines build meet in the build records, where 'pinion pin' finds them.
            """)

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var output: ImageOutput

    static var isAboutBuilds: Bool { true }

    func work(_ processor: DesiredProcessor, _ operations: ImageOperations) async -> [ImageOutcome] {
        await operations.push(processor, for: selection.platform.isEmpty ? [.host] : selection.platform)
    }
}

struct PullCommand: ImageCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetch pinned images into the local engine, by digest.",
        discussion: "Of a processor that tracks a tag and has no pin yet, what the tag stands for now is fetched.")

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var output: ImageOutput

    func work(_ processor: DesiredProcessor, _ operations: ImageOperations) async -> [ImageOutcome] {
        await operations.pull(processor, for: selection.platform.isEmpty ? [.host] : selection.platform)
    }
}

struct PinCommand: ImageCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin", abstract: "Pin both platforms to what was built.",
        discussion: """
            Builds nothing: it looks the inputs up in the build records and in the OCI registry, and resolves tags that \
            are tracked. Both platforms are pinned or neither; with --platform only that slot may change. Pins go where \
            the environment says: a commit on the branch, a branch of their own, or the record.
            """)

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var output: ImageOutput

    func validate() throws {
        guard selection.platform.count < 2 else {
            throw ValidationError("--platform names one slot; without it both are pinned.")
        }
    }

    func work(_ processor: DesiredProcessor, _ operations: ImageOperations) async -> [ImageOutcome] {
        [await operations.pin(processor, only: selection.platform.first)]
    }
}
