import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The user's own `git`, for what libgit2 leaves to it: configuration with all its sources, and credential helpers.
///
/// A run blocks, so it belongs on an actor with a thread of its own.
package struct GitProgram: Sendable {
    /// What a run gave.
    package struct Output: Sendable {
        /// The exit code; 128 and more when a signal ended it.
        package let status: CInt
        package let bytes: [UInt8]

        package var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    private let path: String
    /// What git is run with.
    var environment: [String: String]

    /// Finds `git` in the `PATH` of this environment, which the runs will have; `nil` when there is none.
    package init?(environment: [String: String]) {
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        guard let path = folders.map({ "\($0)/git" as String }).first(where: { unsafe access($0, X_OK) == 0 }) else {
            return nil
        }
        self.path = path
        self.environment = environment
    }

    /// Runs git and waits for its end.
    ///
    /// - Parameters:
    ///   - arguments: never a secret, because other users see them.
    ///   - folder: where it runs; this process's own working directory when `nil`.
    ///   - input: all of its standard input, at most what a pipe holds (64 KiB on Linux, 16 KiB on macOS).
    /// - Returns: `nil` when it cannot be started.
    package func run(_ arguments: [String], in folder: String? = nil, input: String = "") -> Output? {
        guard let standardInput = Pipe(), let standardOutput = Pipe() else { return nil }
        // Written before git starts: it fits, and nothing here can wait for a reader that has gone.
        guard standardInput.write(Array(input.utf8)) else { return nil }
        standardInput.closeWriting()
        let place = folder.map { ["-C", $0] } ?? []
        guard let child = spawn(place + arguments, standardInput.reading, standardOutput.writing) else { return nil }
        standardInput.closeReading()
        standardOutput.closeWriting()
        let bytes = standardOutput.readAll()
        var status: CInt = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            // Somebody else may have waited for all children of this process.
            guard errno == EINTR else { return Output(status: 0, bytes: bytes) }
        }
        return Output(status: status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f), bytes: bytes)
    }

    private func spawn(_ arguments: [String], _ input: CInt, _ output: CInt) -> pid_t? {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = unsafe posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        // A helper may tell a person at a terminal what to do; nobody else needs git's own words beside ours.
        if isatty(2) == 0 { unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) }
        // git counts on SIGPIPE, which this process may ignore.
        var defaults = sigset_t()
        unsafe sigemptyset(&defaults)
        unsafe sigaddset(&defaults, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var child: pid_t = 0
        let strings = environment.map { "\($0.key)=\($0.value)" }
        let status = unsafe ([path] + arguments).withCStrings { arguments in
            unsafe strings.withCStrings { variables in
                Pipe.spawning.withLock { _ in
                    unsafe posix_spawn(
                        &child, path, &actions, &attributes, Self.mutable(arguments)!, Self.mutable(variables)!)
                }
            }
        }
        return status == 0 ? child : nil
    }

    private static func mutable(
        _ strings: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        unsafe UnsafeMutableRawPointer(strings.baseAddress)?.assumingMemoryBound(
            to: UnsafeMutablePointer<CChar>?.self)
    }
}
