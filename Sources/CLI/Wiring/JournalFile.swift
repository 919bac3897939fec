import DeploymentModel
import FoundationEssentials
import Synchronization
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The journal of one run: JSON lines in its folder, on disk line by line. Where it can't be written, the run goes on
/// without. It is locked as long as the process lives, so that others on this host can tell that it does.
final class JournalFile: Journal {
    private struct State {
        var file: FileDescriptor?
        var writes = 0
    }

    private let state: Mutex<State>
    /// The write after which the process ends itself, as if it had crashed.
    private let lastWrite: Int?

    /// Opens the journal of a run.
    ///
    /// - Parameter folder: that of the run; `nil` when nothing says where runs are kept.
    init(in folder: RunFolder?, variables: [String: String]) {
        lastWrite = variables["PINION_KILL_AT"].flatMap(Int.init)
        let file = folder.flatMap { folder in
            try? FileDescriptor.open(
                folder.journal, .writeOnly, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
        }
        // Who looks whether a run is over has the lock for a moment.
        if let file { while flock(file.rawValue, LOCK_SH) != 0, errno == EINTR {} }
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
}
