import FoundationEssentials
import JSON
import Subprocess
import SystemPackage
import Testing

extension Tag {
    @Tag static var medium: Self
    @Tag static var large: Self
}

/// The built program, run as its user would.
struct Pinion {
    /// What one run gave.
    struct Outcome {
        let exitCode: Int
        let stdout: String
        let stderr: String

        func json() throws -> JSONValue { try JSONValue(parsing: stdout) }

        /// Claims that it exited with 0; a test that fails for that tells why it did not.
        func succeeded(at place: SourceLocation = #_sourceLocation) -> Bool {
            if exitCode != 0 { Issue.record("exit code \(exitCode): \(stderr)", sourceLocation: place) }
            return exitCode == 0
        }
    }

    /// The folder that the build puts programs and tests in.
    static var products: String {
        let test = ProcessInfo.processInfo.arguments[0]
        return test.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    static var program: String { products + "/pinion" }

    /// Runs pinion with these arguments.
    ///
    /// - Parameter environment: variables over those of this process; `nil` takes one away.
    static func run(
        _ arguments: [String], in folder: String? = nil, environment: [String: String?] = [:]
    ) async throws -> Outcome {
        try await run(program, arguments, in: folder, environment: environment)
    }

    /// Runs any program and gives what it printed.
    static func run(
        _ program: String, _ arguments: [String], in folder: String? = nil, environment: [String: String?] = [:]
    ) async throws -> Outcome {
        var changes: [Environment.Key: String?] = [
            "NO_COLOR": "1", "CI": nil, "GITHUB_ACTIONS": nil,
            // No journals among the user's own.
            "XDG_STATE_HOME": products + "/test-state",
        ]
        for (name, value) in environment { changes[Environment.Key(stringLiteral: name)] = value }
        let executable: Executable = program.hasPrefix("/") ? .path(FilePath(program)) : .name(program)
        let result = try await Subprocess.run(
            executable, arguments: Arguments(arguments), environment: .inherit.updating(changes),
            workingDirectory: folder.map { FilePath($0) }, output: .string(limit: 16 << 20),
            error: .string(limit: 16 << 20))
        let code: Int =
            switch result.terminationStatus {
            case .exited(let code): Int(code)
            default: -1
            }
        return Outcome(exitCode: code, stdout: result.standardOutput, stderr: result.standardError)
    }
}
