import FoundationEssentials
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A program for tests that says one line when it is ready, and ends with its standard input: with this value, or with
/// the whole process.
package final class LeashedProcess: Sendable {
    /// The line that it said.
    package let firstLine: String
    package let id: Int
    private let leash: Mutex<CInt?>

    /// - Parameters:
    ///   - variables: all that it gets.
    ///   - log: a file for what it writes to stderr.
    package init(_ program: String, _ arguments: [String], variables: [String: String], log: String) throws {
        let (input, output) = (try Self.ends(), try Self.ends())
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.reading, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var pointers = ([program] + arguments).map { strdup($0) } + [nil]
        var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in pointers + environment { free(pointer) } }
        var child: pid_t = 0
        let status = posix_spawnp(&child, program, &actions, nil, &pointers, &environment)
        close(input.reading)
        close(output.writing)
        defer { close(output.reading) }
        guard status == 0 else {
            close(input.writing)
            throw CocoaError(.executableLoad)
        }
        id = Int(child)
        leash = Mutex(input.writing)
        firstLine = Self.line(output.reading)
    }

    deinit { end() }

    /// Lets it end, and waits for that.
    package func end() {
        leash.withLock { leash in
            guard let descriptor = leash else { return }
            close(descriptor)
            var status: CInt = 0
            _ = waitpid(pid_t(id), &status, 0)
            leash = nil
        }
    }

    private static func ends() throws -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CocoaError(.executableLoad) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func line(_ descriptor: CInt) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
