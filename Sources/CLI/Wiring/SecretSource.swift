import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Subprocess
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Where the values of secrets come from. They are held in this process's memory and go nowhere but to Modal's store.
struct SecretSourceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file of NAME=value lines that only you may read (mode 0600), in place of the environment.",
            valueName: "file"), completion: .file())
    var secretsFile: String?

    @Option(
        help: ArgumentHelp(
            """
            A shell command that prints the value of {name}, or, without {name} in it, NAME=value lines: \
            'op read op://vault/{name}/value'.
            """, valueName: "command"))
    var fromCommand: String?

    func validate() throws {
        guard secretsFile == nil || fromCommand == nil else {
            throw ValidationError("--secrets-file and --from-command exclude each other.")
        }
    }

    /// Claims that each name has a command of its own.
    var isAskedByName: Bool { fromCommand?.contains("{name}") == true }

    /// The values of these names, as far as there are any; empty ones count as absent.
    ///
    /// - Throws: `Failure` with `ERR_INPUTS` for a file or command that is wrong; no value is in it.
    func values(of names: [String]) async throws(Failure) -> [String: String] {
        let values: [String: String]
        if let secretsFile {
            values = try DotenvFile(try Self.privateText(secretsFile), place: secretsFile).values
        } else if let fromCommand {
            values = try await Self.values(of: names, from: fromCommand)
        } else {
            values = ProcessInfo.processInfo.environment
        }
        let wanted = Set(names)
        return values.filter { wanted.contains($0.key) && !$0.value.isEmpty }
    }

    /// The text of a file that nobody else can read.
    private static func privateText(_ path: String) throws(Failure) -> String {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly)
            defer { try? file.close() }
            var facts = stat()
            guard fstat(file.rawValue, &facts) == 0, facts.st_mode & 0o077 == 0 else {
                throw Failure(
                    .inputs, "others may read \(path) (mode \(String(facts.st_mode & 0o777, radix: 8)))",
                    remedy: "Take that away: chmod 600 \(path)")
            }
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while case let count = try buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
                bytes += buffer[..<count]
            }
            return String(decoding: bytes, as: UTF8.self)
        } catch let failure as Failure {
            throw failure
        } catch { throw Failure(.inputs, "the file \(path) can't be read: \(error)") }
    }

    private static func values(of names: [String], from command: String) async throws(Failure) -> [String: String] {
        guard command.contains("{name}") else {
            return try DotenvFile(try await output(of: command), place: "what the command printed").values
        }
        var values: [String: String] = [:]
        for name in names {
            let text = try await output(of: command.replacing("{name}", with: name))
            // The line end that programs print; what is before it counts to the byte.
            values[name] = text.last?.isNewline == true ? String(text.dropLast()) : text
        }
        return values
    }

    /// What a command prints. What it says on stderr goes to this process's own.
    private static func output(of command: String) async throws(Failure) -> String {
        do {
            let result = try await Subprocess.run(
                .path("/bin/sh"), arguments: ["-c", command], output: .string(limit: 1 << 20),
                error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false))
            guard result.terminationStatus.isSuccess else {
                throw Failure(.inputs, "the command for secrets failed (\(result.terminationStatus)): \(command)")
            }
            return result.standardOutput
        } catch let failure as Failure {
            throw failure
        } catch { throw Failure(.inputs, "the command for secrets can't be run: \(command)") }
    }
}
