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
        guard let runs = runs(variables) else { return nil }
        for name in names(in: runs).reversed() {
            let folder = RunFolder(path: runs + "/" + name)
            guard FileManager.default.fileExists(atPath: folder.plan.path), folder.isOver == true else { continue }
            let plan = try folder.plan.read()
            if environment == nil || plan.environment == environment { return (folder, plan) }
        }
        return nil
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
