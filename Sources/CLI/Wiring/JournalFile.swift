import DeploymentModel
import FoundationEssentials
import Synchronization
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The journal of one run: JSON lines in `$XDG_STATE_HOME/pinion/runs/<run id>/journal.jsonl` (else below
/// `~/.local/state`), on disk line by line. Where it can't be written, the run goes on without.
final class JournalFile: Journal {
    /// How many runs are kept.
    private static let kept = 50

    private struct State {
        var file: FileDescriptor?
        var writes = 0
    }

    private let state: Mutex<State>
    /// The write after which the process ends itself, as if it had crashed.
    private let lastWrite: Int?

    /// Opens the journal of a run; those of the oldest runs go.
    init(run: String, variables: [String: String]) {
        lastWrite = variables["PINION_KILL_AT"].flatMap(Int.init)
        var file: FileDescriptor?
        if let runs = Self.runs(variables) {
            let folder = runs + "/" + run
            try? FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            file = try? FileDescriptor.open(
                folder + "/journal.jsonl", .writeOnly, options: [.create, .append, .closeOnExec],
                permissions: .ownerReadWrite)
            Self.removeOldest(in: runs)
        }
        state = Mutex(State(file: file))
    }

    deinit {
        try? state.withLock { $0.file }?.close()
    }

    func write(_ entry: JournalEntry) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(entry) else { return }
        state.withLock { state in
            if let file = state.file {
                _ = try? file.writeAll(Array(line) + [UInt8(ascii: "\n")])
                fsync(file.rawValue)
            }
            state.writes += 1
            if state.writes == lastWrite { kill(getpid(), SIGKILL) }
        }
    }

    /// The folder of all runs; `nil` when nothing says where. A relative path says nothing (XDG Base Directory
    /// Specification).
    private static func runs(_ variables: [String: String]) -> String? {
        if let state = variables["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/pinion/runs" }
        guard let home = variables["HOME"], home.hasPrefix("/") else { return nil }
        return home + "/.local/state/pinion/runs"
    }

    /// The ids of runs sort by time.
    private static func removeOldest(in runs: String) {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: runs)) ?? []).sorted()
        for name in names.dropLast(kept) { try? FileManager.default.removeItem(atPath: runs + "/" + name) }
    }
}
