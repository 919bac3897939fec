package import DeploymentModel
import JSON

/// What the driver, its SDK and its server are like.
package struct ModalFacts: Hashable, Sendable, Codable {
    package let python: String
    package let sdk: String
    package let server: String
    package let hasToken: Bool
    /// The names of all environments.
    package let environments: [String]
}

/// One version of an app.
package struct AppVersion: Hashable, Sendable, Codable {
    package let version: Int
    /// As Modal writes it.
    package let deployedAt: String?
    package let deployedBy: String?
    /// `sha256-` and the first 40 digits of the digest that it ran, where Pinion deployed it.
    package let tag: String?
}

/// A line that a container wrote.
package struct AppLogEntry: Hashable, Sendable, Codable {
    /// RFC 3339.
    package let time: String
    /// `stdout`, `stderr` or `system`.
    package let source: String
    package let text: String
}

extension ModalPlatform {
    /// - Throws: `Failure` with `ERR_MODAL` (no Python, no SDK, no token) or `ERR_NETWORK`.
    package func doctor() async throws(Failure) -> ModalFacts {
        let answer = try await ask("doctor")
        return ModalFacts(
            python: try answer.string("python"), sdk: try answer.string("sdk"), server: try answer.string("server"),
            hasToken: try answer.bool("has_token"), environments: try answer.strings("environments"))
    }

    /// Ties the digest of a function that somebody else deployed to the image that runs, if that is the image which Modal
    /// makes of the digest. What is live stays as it is.
    ///
    /// - Returns: whether it is.
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when it is not deployed, and as `deploy` throws.
    package func bind(_ function: FunctionSpec) async throws(Failure) -> Bool {
        guard !function.configuration.command.isEmpty else { throw .noCommand(in: function) }
        return try await ask("bind", function.fields).bool("bound")
    }

    /// The versions of an app, newest first.
    ///
    /// - Throws: `Failure` with `ERR_FUNCTION_NOT_FOUND` when it was never deployed; so do the others that name an app.
    package func history(_ app: String) async throws(Failure) -> [AppVersion] {
        var versions: [AppVersion] = []
        for each in try await ask("history", ["app": .string(app)]).objects("versions") {
            versions.append(
                AppVersion(
                    version: try each.int("version"), deployedAt: each.optionalString("deployed_at"),
                    deployedBy: each.optionalString("deployed_by"), tag: each.optionalString("tag")))
        }
        return versions
    }

    /// Runs an older version again, as a new one. Its tags may still tell of the newer one: an audit shows that.
    ///
    /// - Parameter version: `nil` for the one before.
    /// - Returns: the version that is live now.
    package func rollback(_ app: String, to version: Int?) async throws(Failure) -> Int {
        // Named, so that a try whose answer was lost can be repeated: else each would go back further.
        var target = version
        if target == nil { target = try await history(app).dropFirst().first?.version }
        guard let target else {
            throw Failure(.functionNotFound, "the app \(app) has no version before the one that is live")
        }
        return try await ask("rollback", ["app": .string(app), "version": .integer(Int64(target))]).int("version")
    }

    /// The last lines that an app's containers wrote, oldest first.
    package func logs(_ app: String, entries: Int) async throws(Failure) -> [AppLogEntry] {
        var lines: [AppLogEntry] = []
        let answer = try await ask("logs", ["app": .string(app), "entries": .integer(Int64(entries))])
        for each in try answer.objects("entries") {
            lines.append(
                AppLogEntry(
                    time: try each.string("time"), source: try each.string("source"), text: try each.string("text")))
        }
        return lines
    }

    /// The names of all secrets of the environment, sorted.
    package func secretNames() async throws(Failure) -> [String] { try await ask("secret_names").strings("secrets") }

    /// Deletes secrets.
    ///
    /// - Returns: the names of those that were there.
    package func pruneSecrets(_ names: [String]) async throws(Failure) -> [String] {
        let answer = try await ask("prune_secrets", ["names": .array(names.map { .string($0) })])
        return try answer.stringsByName("secrets").filter { $0.value == "deleted" }.keys.sorted()
    }
}
