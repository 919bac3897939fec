import DeploymentModel
import Subprocess
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The child process that a tool is.
///
/// It is started from one thread that lives as long as this process (swift-subprocess has just one for that): bubblewrap's
/// `--die-with-parent` watches the thread.
struct ToolProcess: Sendable {
    /// How it ended, with all that was kept of what it wrote.
    struct Ended: Sendable {
        /// 128 and more when a signal ended it.
        let code: CInt
        /// The last line of stdout that is not empty.
        let answer: LastLine
        /// The last lines of stderr.
        let log: [String]
    }

    struct NotStarted: Error { let reason: String }

    let commandLine: [String]
    let environment: [String: String]
    let place: ToolPlace
    let limits: ToolLimits

    /// Runs it to its end; afterwards nothing that it has started is alive. Cancelling the task kills all of it.
    ///
    /// - Parameters:
    ///   - input: stays the caller's to close.
    ///   - line: gets the lines of stderr as they come; the tool waits until it returns, once the pipe is full.
    func run(
        input: FileDescriptor, line: @escaping @Sendable (String) async -> Void
    ) async throws(Failure) -> Ended {
        let (isSandboxed, limits) = (place.isSandboxed, limits)
        do {
            let result = try await Subprocess.run(
                Self.executable(commandLine), arguments: Arguments(Array(commandLine.dropFirst())),
                environment: Self.environment(environment), workingDirectory: workingDirectory,
                platformOptions: options, input: .fileDescriptor(input, closeAfterSpawningProcess: false),
                output: .sequence, error: .sequence
            ) { execution in
                let id = execution.processIdentifier.value
                return try await withTaskCancellationHandler {
                    let (output, errors) = (execution.standardOutput, execution.standardError)
                    async let answer = Self.lastLine(of: output, limit: limits.answerBytes)
                    let log = try await Self.log(errors, limits, line)
                    return (id, try await answer, log)
                } onCancel: {
                    if isSandboxed { Self.killChildren(of: id) }
                }
            }
            let (id, answer, log) = result.closureResult
            // Without a sandbox, what it left behind is alive; in one the kernel has ended it.
            if !isSandboxed { kill(-id, SIGKILL) }
            guard !Task.isCancelled else { throw Failure.cancelledRun }
            return Ended(code: result.terminationStatus.code, answer: answer, log: log)
        } catch let failure as Failure {
            throw failure
        } catch {
            guard !Task.isCancelled else { throw .cancelledRun }
            throw Failure(.sandbox, "the tool's process can't be run: \(error)")
        }
    }

    /// Runs a command to its end; gives what it complains of when it fails, `nil` when it does not.
    static func complaint(
        of commandLine: [String], _ environment: [String: String]
    ) async throws(NotStarted) -> String? {
        do {
            let result = try await Subprocess.run(
                executable(commandLine), arguments: Arguments(Array(commandLine.dropFirst())),
                environment: Self.environment(environment), input: .none, output: .discarded,
                error: .string(limit: 64 << 10))
            guard !result.terminationStatus.isSuccess else { return nil }
            let words = result.standardError.split(separator: "\n").joined(separator: "\n")
            return words.isEmpty ? "\(result.terminationStatus)" : words
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw NotStarted(reason: "it is not installed")
        } catch { throw NotStarted(reason: "\(error)") }
    }

    /// In a session of its own, so that it has no terminal, and its process group can be killed as a whole.
    ///
    /// In the sandbox process 1 is killed first: bubblewrap ends once all of its namespace has. The signal is one that
    /// bubblewrap ignores; SIGKILL for it follows where that was not enough.
    private var options: PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence =
            place.isSandboxed
            ? [.send(signal: .windowSizeChange, allowedDurationToNextStep: .milliseconds(500))]
            : [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)]
        return options
    }

    private var workingDirectory: FilePath? { place.isSandboxed ? nil : FilePath(place.scratch) }

    private static func killChildren(of process: pid_t) {
        guard let children = try? FileDescriptor.open("/proc/\(process)/task/\(process)/children", .readOnly)
        else { return }
        defer { try? children.close() }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = (try? bytes.withUnsafeMutableBytes { try children.read(into: $0) }) ?? 0
        for child in String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ") {
            if let id = pid_t(child), id > 1 { kill(id, SIGKILL) }
        }
    }

    private static func lastLine(of output: SubprocessOutputSequence, limit: Int) async throws -> LastLine {
        var last = LastLine(limit: limit)
        for try await buffer in output { buffer.withUnsafeBytes { last.receive($0) } }
        return last
    }

    private static func log(
        _ errors: SubprocessOutputSequence, _ limits: ToolLimits, _ line: @Sendable (String) async -> Void
    ) async throws -> [String] {
        var lines = LogLines(lineLimit: limits.logLineBytes, limit: limits.logBytes)
        for try await buffer in errors {
            let complete = buffer.withUnsafeBytes { lines.receive($0) }
            for text in complete { await line(text) }
        }
        for text in lines.finish() { await line(text) }
        return lines.last
    }

    private static func executable(_ commandLine: [String]) -> Executable {
        let program = commandLine.first ?? ""
        return program.contains("/") ? .path(FilePath(program)) : .name(program)
    }

    private static func environment(_ values: [String: String]) -> Environment {
        var variables: [Environment.Key: String] = [:]
        for (name, value) in values { variables[Environment.Key(stringLiteral: name)] = value }
        return .custom(variables)
    }
}

extension TerminationStatus {
    fileprivate var code: CInt {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}
