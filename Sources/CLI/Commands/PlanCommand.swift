import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Reconciliation
import SystemPackage

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what reconcile would do, and why.",
        discussion: """
            A plan can be saved, shown again and applied just as it was shown:

            pinion plan --env staging --remote origin -o staging.plan
            pinion show staging.plan
            pinion apply staging.plan --env staging --remote origin
            """)

    @OptionGroup var options: WorkspaceOptions

    @Option(help: ArgumentHelp("This revision in place of the branch's tip.", valueName: "commit"))
    var rev: String?

    @OptionGroup var targets: TargetOptions

    @OptionGroup var build: BuilderOptions

    @OptionGroup var modal: ModalPlanOptions

    @Option(
        name: [.short, .long], help: ArgumentHelp("Save the plan to this file, too.", valueName: "file"),
        completion: .file())
    var output: String?

    @Option(help: "How it is printed: text, json, github-matrix, mermaid or dot.")
    var format = PlanFormat.text

    @Flag(help: "Print the plan as JSON.")
    var json = false

    @Flag(help: "Exit with 2 when the plan is not empty.")
    var detailedExitcode = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let workspace = try targets.narrowed(try await Workspace(options, at: rev, listsContainers: true))
            DiagnosticReport(workspace).show()
            let plan = try await Session(workspace, options, build: build.settings).plan(
                secrets: try await modal.secrets(of: workspace), prunes: try modal.prunes(workspace))
            if let output { try PlanFile(output).write(plan) }
            try (json ? .json : format).show(plan)
            if plan.isEmpty { await DiagnosticReport(workspace).showUncommitted() }
            let publication = await CIPublication(of: plan, in: workspace)
            let isWhole = !workspace.hasErrors && plan.blocked.isEmpty
            let code = !isWhole ? .failure : detailedExitcode && !plan.isEmpty ? ExitCode(2) : .success
            return code.after { () throws(Failure) in try publication?.publish() }
        }
    }
}

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a plan that was saved.")

    @Argument(help: ArgumentHelp("A plan that 'pinion plan -o' wrote.", valueName: "file"), completion: .file())
    var file: String

    @Option(help: "How it is printed: text, json, github-matrix, mermaid or dot.")
    var format = PlanFormat.text

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            try format.show(try PlanFile(file).read())
            return .success
        }
    }
}

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Do what a saved plan says, or a plan made now.",
        discussion: """
            Of a saved plan nothing is done that it did not show. Its facts are looked at again: what was done meanwhile is \
            left out, and what has changed is refused and says what, unless --replan takes it as it is now. --continue does \
            what is left of the last run on this host that failed, was interrupted or crashed. Without either it is \
            'pinion reconcile'.
            """)

    @Argument(help: ArgumentHelp("A plan that 'pinion plan -o' wrote.", valueName: "file"), completion: .file())
    var file: String?

    @Flag(name: .customLong("continue"), help: "Carry on with the last run on this host that did not get to its end.")
    var continues = false

    @Flag(help: "Plan what is out of date again, and apply that.")
    var replan = false

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var build: BuilderOptions
    @OptionGroup var modal: ModalPlanOptions
    @OptionGroup var reconciling: ReconcilingOptions

    func validate() throws {
        guard !(continues && file != nil) else { throw ValidationError("--continue takes no file.") }
    }

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            var options = options
            var saved = try file.map { file throws(Failure) in try PlanFile(file).read() }
            let cutOff =
                try continues
                ? RunFolder.unfinished(of: options.env, variables: ProcessInfo.processInfo.environment) : nil
            if continues {
                guard let cutOff else {
                    Output.note("Nothing to continue: each run on this host has got to its end.")
                    return .success
                }
                saved = cutOff.plan
            }
            if let saved {
                guard options.env == nil || options.env == saved.environment else {
                    throw Failure(
                        .spec, "the plan is for '\(saved.environment)', not '\(options.env ?? "")'",
                        remedy: "Leave --env away, or plan for that environment.")
                }
                options.env = saved.environment
                options.pins = saved.pinMode
                if options.branch == nil { options.branch = saved.branch }
            }
            let workspace = try await Workspace(options, at: saved?.commit, listsContainers: true)
            let session = try await Session(workspace, options, build: build.settings)
            let code = try await reconciling.reconcile(
                workspace, session, secrets: try await modal.secrets(of: workspace),
                prunes: try modal.prunes(workspace), saved: saved, replans: replan)
            // What is left of it now is the new run's.
            cutOff?.folder.finish()
            return code
        }
    }
}

/// A plan in a file.
struct PlanFile {
    let path: String

    init(_ path: String) { self.path = path }

    func write(_ plan: Plan) throws(Failure) {
        let text = try JSONText(plan).text + "\n"
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
            defer { try? file.close() }
            try file.writeAll(text.utf8)
        } catch { throw Failure(.inputs, "the plan can't be written to \(path): \(error)") }
    }

    /// - Throws: `Failure` with `ERR_INPUTS` when it is no plan, or one of another version of Pinion.
    func read() throws(Failure) -> Plan {
        let plan: Plan = try JSONText.read(path)
        guard plan.isKnownFormat else {
            throw Failure(
                .inputs, "\(path) is a plan in the form \(plan.format), and this is Pinion for \(Plan.format)",
                remedy: "Plan again.")
        }
        return plan
    }
}
