import ArgumentParser
import DeploymentModel
import Reconciliation
import RegistryCatalog

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Go back to what ran before, and hold it there.",
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
        try await interruptible { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options)
            let session = try await Session(workspace, options)
            // What can't be is said before anything is taken.
            _ = try await rolledBack(workspace.records, session)
            try await session.changing(refs, what: "roll back", more: reason.map { "\n\n\($0)" } ?? "") {
                leased throws(Failure) in try await rolledBack(leased.all(), session)
            }
            let held = try await Workspace(options)
            return try await reconciling.reconcile(held, try await Session(held, options))
        }
    }

    private func rolledBack(
        _ records: [ProcessorRef: RefRecord], _ session: Session
    ) async throws(Failure) -> [RefRecord] {
        var changed: [RefRecord] = []
        for ref in Set(refs) { changed.append(try await past(of: ref, records[ref], session)) }
        return changed
    }

    private func past(
        of ref: ProcessorRef, _ record: RefRecord?, _ session: Session
    ) async throws(Failure) -> RefRecord {
        let environment = session.environmentName
        guard let record, let current = record.applied else {
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
        return record.rolledBack(to: revisions[to], by: session.author, since: Session.now(), reason: reason)
    }
}

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Show and release the rollbacks that are in force.",
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
                    Output.view(
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
                let environment = workspace.environment.name
                // What can't be is said before anything is taken.
                _ = try released(workspace.records, environment)
                try await Session(workspace, options).changing(refs, what: "release") {
                    leased throws(Failure) in try released(leased.all(), environment)
                }
                for ref in Set(refs).sorted() { Output.view("\(ref)  is held no longer") }
                return .success
            }
        }

        private func released(
            _ records: [ProcessorRef: RefRecord], _ environment: String
        ) throws(Failure) -> [RefRecord] {
            let others = refs.filter { records[$0]?.hold == nil }.map(\.description)
            guard others.isEmpty else {
                throw Failure(
                    .functionNotFound, "not held in '\(environment)': \(others.joined(separator: ", "))",
                    remedy: "See what is: pinion hold list --env \(environment)")
            }
            return Set(refs).compactMap { records[$0].map { $0.wanting($0.desired, hold: nil) } }
        }
    }
}
