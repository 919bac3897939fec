import DeploymentModel
import FoundationEssentials
import Reconciliation
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a run leaves on this host: `$XDG_STATE_HOME/pinion/runs/<run id>` (else below `~/.local/state`) has its journal and,
/// until all of it is done, its plan.
struct RunFolder {
    /// How many runs are kept.
    private static let kept = 50

    private let path: String

    /// The id of its run.
    var run: String { path.split(separator: "/").last.map(String.init) ?? path }

    var journal: String { path + "/journal.jsonl" }
    var plan: PlanFile { PlanFile(path + "/plan.json") }

    private init(path: String) { self.path = path }

    /// The folder of a run, whether it is there or not; `nil` when nothing says where runs are kept.
    init?(of run: String, variables: [String: String]) {
        guard let runs = Self.runs(variables) else { return nil }
        path = runs + "/" + run
    }

    /// Makes the folder of a new run; those of the oldest runs go.
    static func making(_ run: String, variables: [String: String]) -> RunFolder? {
        guard let folder = RunFolder(of: run, variables: variables), let runs = runs(variables) else { return nil }
        try? FileManager.default.createDirectory(
            atPath: folder.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in names(in: runs).dropLast(kept) { try? FileManager.default.removeItem(atPath: runs + "/" + name) }
        return folder
    }

    /// The newest run that is over and has not done all of its plan.
    ///
    /// - Parameter environment: of this environment; `nil` for any.
    /// - Throws: `Failure` with `ERR_INPUTS` when its plan can't be read.
    static func unfinished(
        of environment: String?, variables: [String: String]
    ) throws(Failure) -> (folder: RunFolder, plan: Plan)? {
        for folder in all(variables) {
            guard let plan = try folder.unfinishedPlan() else { continue }
            if environment == nil || plan.environment == environment { return (folder, plan) }
        }
        return nil
    }

    /// Those of all runs that are kept, the newest first.
    static func all(_ variables: [String: String]) -> [RunFolder] {
        guard let runs = runs(variables) else { return [] }
        return names(in: runs).reversed().map { RunFolder(path: runs + "/" + $0) }
    }

    /// The plan of a run that is over and has not done all of it.
    ///
    /// - Returns: `nil` while the run lives, and when nothing is left to do.
    /// - Throws: `Failure` with `ERR_INPUTS` when the plan can't be read.
    func unfinishedPlan() throws(Failure) -> Plan? {
        guard FileManager.default.fileExists(atPath: plan.path), isOver == true else { return nil }
        return try plan.read()
    }

    /// What the journal says, line by line; `nil` for a line that was cut off, and altogether where it can't be
    /// read.
    var entries: [JournalEntry?]? {
        guard let text = try? String(contentsOfFile: journal, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").map { line in
            try? JSONDecoder().decode(JournalEntry.self, from: Data(line.utf8))
        }
    }

    /// Whether the process of the run is gone; `nil` when there is no telling.
    var isOver: Bool? {
        guard let file = try? FileDescriptor.open(journal, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        return flock(file.rawValue, LOCK_EX | LOCK_NB) == 0
    }

    /// Notes that nothing of the plan is left to do.
    func finish() { try? FileManager.default.removeItem(atPath: plan.path) }

    /// A relative path says nothing (XDG Base Directory Specification).
    private static func runs(_ variables: [String: String]) -> String? {
        if let state = variables["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/pinion/runs" }
        guard let home = variables["HOME"], home.hasPrefix("/") else { return nil }
        return home + "/.local/state/pinion/runs"
    }

    /// The ids of runs, which sort by time.
    private static func names(in runs: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: runs)) ?? []).sorted()
    }
}
