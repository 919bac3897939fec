import Subprocess
import SystemPackage

/// The program `docker`, run without a shell.
struct DockerProgram: Sendable {
    /// How a run ended.
    struct Ended: Sendable {
        let isSuccess: Bool
        /// For messages: `exited(1)`.
        let status: String
    }

    /// Path or name of the program.
    var executable = "docker"
    /// Variables on top of the process's own; `nil` takes one away.
    var environment: [String: String?] = [:]

    /// Runs it to its end and gives what it wrote to stdout, at most 64 KiB; `nil` when it fails or is not there.
    func output(_ arguments: [String]) async -> String? {
        let result = try? await Subprocess.run(
            program, arguments: Arguments(arguments), environment: childEnvironment, input: .none,
            output: .string(limit: 64 * 1024), error: .discarded)
        guard let result, result.terminationStatus.isSuccess else { return nil }
        return result.standardOutput
    }

    /// Runs it with a file as stdin and hands on what it writes to stderr, line by line as it comes. Cancelling the task
    /// sends SIGTERM, and SIGKILL after 5 seconds: the time that buildx needs to stop the build in the engine.
    ///
    /// - Parameter input: stays the caller's to close. Never bytes from memory: a child that stops reading would
    ///   take this process down with it.
    /// - Throws: `SubprocessError` when it can't be started, `CancellationError`.
    func run(
        _ arguments: [String], input: FileDescriptor, line: @escaping @Sendable (String) -> Void
    ) async throws -> Ended {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        let result = try await Subprocess.run(
            program, arguments: Arguments(arguments), environment: childEnvironment, platformOptions: options,
            input: .fileDescriptor(input, closeAfterSpawningProcess: false), output: .discarded, error: .sequence
        ) { execution in
            var splitter = LineSplitter()
            for try await buffer in execution.standardError {
                let bytes = buffer.withUnsafeBytes { Array($0) }
                for text in splitter.receive(bytes) { line(String(decoding: text, as: UTF8.self)) }
            }
            if let text = splitter.finish() { line(String(decoding: text, as: UTF8.self)) }
        }
        try Task.checkCancellation()
        return Ended(isSuccess: result.terminationStatus.isSuccess, status: "\(result.terminationStatus)")
    }

    private var program: Executable {
        executable.contains("/") ? .path(FilePath(executable)) : .name(executable)
    }

    private var childEnvironment: Environment {
        var values: [Environment.Key: String?] = [:]
        for (name, value) in environment { values[Environment.Key(stringLiteral: name)] = .some(value) }
        return .inherit.updating(values)
    }
}
