import ArgumentParser
import DeploymentModel
import Reconciliation
import RegistryCatalog

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Make an environment want what it ran before, and hold it there.",
        discussion: """
            A promotion out of the environment's own past. What was rolled back from is kept away until another input \
            key or spec is wanted, or 'pinion hold release' is said.

            pinion rollback --env main llm/litellm@1 --reason "answers are empty"
            pinion rollback --env main --to 2 llm/litellm@1        # two revisions back
            """)

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: ArgumentHelp("The processors.", valueName: "ref"))
    var refs: [ProcessorRef]

    @Option(help: ArgumentHelp("How many revisions back.", valueName: "n"))
    var to = 1

    @Option(help: ArgumentHelp("Why, for those who come later.", valueName: "text"))
    var reason: String?

    @OptionGroup var reconciling: ReconcilingOptions

    func validate() throws {
        guard !refs.isEmpty else { throw ValidationError("Name the processors.") }
        guard to > 0 else { throw ValidationError("--to is how many revisions back, from 1.") }
    }

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options)
            let session = try await Session(workspace, options)
            var records: [RefRecord] = []
            for ref in refs { records.append(try await past(of: ref, workspace, session)) }
            let names = refs.map(\.description).joined(separator: ", ")
            try await session.record(
                records,
                message: "\(workspace.environment.name): roll back \(names)" + (reason.map { "\n\n\($0)" } ?? ""))
            let held = try await Workspace(options)
            return try await reconciling.reconcile(held, try await Session(held, options))
        }
    }

    private func past(
        of ref: ProcessorRef, _ workspace: Workspace, _ session: Session
    ) async throws(Failure) -> RefRecord {
        let environment = workspace.environment.name
        guard let record = workspace.records[ref], let current = record.applied else {
            throw Failure(.functionNotFound, "\(ref) was never brought up in '\(environment)'")
        }
        // Distinct revisions that were applied, the newest first.
        var revisions = [current]
        for entry in try await session.past(of: ref) {
            guard let applied = entry.applied, let last = revisions.last, !applied.isSame(as: last) else { continue }
            revisions.append(applied)
        }
        guard revisions.count > to else {
            throw Failure(
                .functionNotFound,
                "'\(environment)' has run \(counted(revisions.count, "revision")) of \(ref), so there is none \(to) back",
                remedy: "See them: pinion history --env \(environment) \(ref)")
        }
        let from = record.hold?.from ?? record.desired
        let hold = RefRecord.Hold(from: from, by: session.author, since: Session.now(), reason: reason)
        return record.wanting(revisions[to], hold: hold)
    }
}

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "The rollbacks that are in force.",
        subcommands: [ListCommand.self, ReleaseCommand.self])

    struct ListCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show what is held, since when, by whom and why.")

        @OptionGroup var options: WorkspaceOptions

        @Flag(help: "Print it as JSON.")
        var json = false

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let workspace = try await Workspace(options)
                let held = workspace.records.values.filter { $0.hold != nil }.sorted { $0.ref < $1.ref }
                if json {
                    Output.result(try JSONText(held.map(Row.init)).text)
                } else if held.isEmpty {
                    Output.note("Nothing is held in \(workspace.environment.name).")
                } else {
                    let cells = held.map { record in
                        [
                            record.ref.description, record.desired.pins[.amd64]?.digest?.short ?? "-",
                            record.hold?.from.pins[.amd64]?.digest?.short ?? "-",
                            record.hold.map { Timestamp(seconds: $0.since).text } ?? "-", record.hold?.by ?? "-",
                            record.hold?.reason ?? "-",
                        ]
                    }
                    Output.result(
                        TableText(
                            ["PROCESSOR", "AT", "KEEPS AWAY", "SINCE", "BY", "WHY"], cells, style: .standardOutput
                        ).text)
                }
                return .success
            }
        }

        private struct Row: Encodable {
            let ref: ProcessorRef
            let desired: RefRecord.Revision
            let hold: RefRecord.Hold?

            init(_ record: RefRecord) {
                ref = record.ref
                desired = record.desired
                hold = record.hold
            }
        }
    }

    struct ReleaseCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "release", abstract: "Let what was rolled back from be wanted again.",
            discussion: """
                An environment with a branch wants that branch's revision at once; one that promotes takes it over with \
                the next promotion. Nothing is deployed by this.
                """)

        @OptionGroup var options: WorkspaceOptions

        @Argument(help: ArgumentHelp("The processors.", valueName: "ref"))
        var refs: [ProcessorRef]

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let workspace = try await Workspace(options)
                let held = refs.compactMap { workspace.records[$0] }.filter { $0.hold != nil }
                guard held.count == Set(refs).count else {
                    let names = refs.filter { workspace.records[$0]?.hold == nil }.map(\.description)
                    throw Failure(
                        .functionNotFound,
                        "not held in '\(workspace.environment.name)': \(names.joined(separator: ", "))",
                        remedy: "See what is: pinion hold list --env \(workspace.environment.name)")
                }
                let session = try await Session(workspace, options)
                let names = held.map(\.ref.description).joined(separator: ", ")
                try await session.record(
                    held.map { $0.wanting($0.desired, hold: nil) },
                    message: "\(workspace.environment.name): release \(names)")
                for record in held { Output.result("\(record.ref)  is held no longer") }
                return .success
            }
        }
    }
}
