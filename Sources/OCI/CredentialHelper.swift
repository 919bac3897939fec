package import DeploymentModel
import JSON
import Subprocess
import SystemPackage

/// The programs `docker-credential-<name>` (docker/docker-credential-helpers): the server's name on stdin, JSON on stdout.
package enum CredentialHelper {
    /// How long a helper may think, for example to unlock a key chain.
    static let patience = Duration.seconds(30)

    /// Asks the helper for the credentials of a server. The name goes through a pipe, values never through arguments.
    ///
    /// - Returns: `.anonymous` when the helper has none.
    /// - Throws: `Failure` with `ERR_MISSING_SECRET` when the helper is not there, fails or takes too long.
    package static func run(name: String, server: String) async throws(Failure) -> RegistryCredentials {
        try await run(name: name, server: server, searchPath: nil)
    }

    /// - Parameter searchPath: in place of the process's own `PATH`.
    static func run(
        name: String, server: String, searchPath: String?
    ) async throws(Failure) -> RegistryCredentials {
        guard !name.isEmpty, name.utf8.allSatisfy({ isNameByte($0) }) else {
            throw failure("the credential helper's name is malformed", name: name.debugDescription)
        }
        let output: (text: String, isSuccess: Bool)
        do {
            output = try await withTimeLimit {
                try await execute("docker-credential-\(name)", searchPath, input: server)
            }
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw failure("the credential helper docker-credential-\(name) is not installed", name: name)
        } catch {
            throw failure("the credential helper docker-credential-\(name) did not answer", name: name)
        }
        guard output.isSuccess else {
            if output.text.contains("credentials not found") { return .anonymous }
            throw failure("the credential helper docker-credential-\(name) failed for \(server)", name: name)
        }
        guard let json = try? JSONValue(parsing: output.text), let secret = json["Secret"]?.stringValue,
            let user = json["Username"]?.stringValue
        else {
            throw failure("the credential helper docker-credential-\(name) gave no credentials", name: name)
        }
        // The helpers' convention for tokens.
        return user == "<token>" ? .identityToken(secret) : .password(user: user, password: secret)
    }

    private static func execute(
        _ program: String, _ searchPath: String?, input: String
    ) async throws -> (text: String, isSuccess: Bool) {
        // A host name is far smaller than a pipe's buffer, so that this write can't block.
        let pipe = try FileDescriptor.pipe()
        do {
            defer { try? pipe.writeEnd.close() }
            try pipe.writeEnd.writeAll(input.utf8)
        } catch {
            try? pipe.readEnd.close()
            throw error
        }
        let result = try await Subprocess.run(
            .name(program), arguments: ["get"],
            environment: searchPath.map { .inherit.updating(["PATH": $0]) } ?? .inherit,
            input: .fileDescriptor(pipe.readEnd, closeAfterSpawningProcess: true),
            output: .string(limit: 64 * 1024), error: .discarded)
        return (result.standardOutput, result.terminationStatus.isSuccess)
    }

    private static func withTimeLimit<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await body() }
            group.addTask {
                try await ContinuousClock().sleep(for: patience)
                throw CancellationError()
            }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func failure(_ message: String, name: String) -> Failure {
        Failure(
            .missingSecret, message,
            remedy: "Check credsStore and credHelpers in Docker's config.json, or log in again with: docker login")
    }
}
