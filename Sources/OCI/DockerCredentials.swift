package import DeploymentModel
import FoundationEssentials
package import JSON

/// The credentials that `docker login` keeps: `auths`, `credsStore` and `credHelpers` of Docker's `config.json`; and those
/// that a CI system gives its jobs.
package struct DockerCredentials: CredentialSource {
    /// Asks the program `docker-credential-<name>` for a server's credentials.
    package typealias Helper = @Sendable (_ name: String, _ server: String) async throws(Failure) -> RegistryCredentials

    private let files: [JSONValue]
    private let job: [String: RegistryCredentials]
    private let helper: Helper

    /// - Parameters:
    ///   - files: parsed configuration files, the first that has something for a registry wins.
    ///   - job: credentials for when no file has any, by registry.
    ///   - helper: runs a credential helper.
    package init(files: [JSONValue], job: [String: RegistryCredentials] = [:], helper: @escaping Helper) {
        self.files = files
        self.job = job
        self.helper = helper
    }

    /// Reads `DOCKER_AUTH_CONFIG` (a file's text), the file that `REGISTRY_AUTH_FILE` names, and `config.json` in
    /// `DOCKER_CONFIG` or `~/.docker`; and the variables of GitLab's and GitHub's jobs.
    ///
    /// - Throws: `Failure` with `ERR_SPEC` when one of them is there but is no JSON, or the file of `REGISTRY_AUTH_FILE` is
    ///   not there; content is never shown.
    package static func reading(
        environment: [String: String], helper: @escaping Helper = CredentialHelper.run
    ) throws(Failure) -> DockerCredentials {
        var files: [JSONValue] = []
        if let text = environment["DOCKER_AUTH_CONFIG"], !text.isEmpty {
            files.append(try parse(Array(text.utf8), from: "DOCKER_AUTH_CONFIG"))
        }
        if let path = environment["REGISTRY_AUTH_FILE"], !path.isEmpty {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure(
                    .spec, "\(path), which REGISTRY_AUTH_FILE names, can't be read",
                    remedy: "Log in with: podman login --authfile \(path) REGISTRY")
            }
            files.append(try parse(Array(data), from: path))
        }
        let folder = environment["DOCKER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        if let folder = folder ?? environment["HOME"].map({ $0 + "/.docker" }) {
            let path = folder + "/config.json"
            if let data = FileManager.default.contents(atPath: path) {
                files.append(try parse(Array(data), from: path))
            }
        }
        return DockerCredentials(files: files, job: jobCredentials(environment), helper: helper)
    }

    /// What GitLab and GitHub give a job, each bound to its own registry.
    private static func jobCredentials(_ environment: [String: String]) -> [String: RegistryCredentials] {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var found: [String: RegistryCredentials] = [:]
        if let registry = value("CI_REGISTRY"), let user = value("CI_REGISTRY_USER"),
            let password = value("CI_REGISTRY_PASSWORD")
        {
            found[registry] = .password(user: user, password: password)
        }
        if let token = value("GITHUB_TOKEN") {
            // ghcr.io looks at the token alone, but wants some user.
            found["ghcr.io"] = .password(user: value("GITHUB_ACTOR") ?? "github", password: token)
        }
        return found
    }

    /// The credentials for an OCI registry; `.anonymous` when nobody logged in there.
    package func credentials(for registry: String) async throws(Failure) -> RegistryCredentials {
        let server = Self.serverKey(registry)
        for file in files {
            let name = file["credHelpers"]?[registry] ?? file["credHelpers"]?[server] ?? file["credsStore"]
            if let name = name?.stringValue, !name.isEmpty {
                let found = try await helper(name, server)
                if found != .anonymous { return found }
            }
            if let entry = Self.entry(for: server, in: file) { return entry }
        }
        return job[registry] ?? .anonymous
    }

    /// The name under which Docker keeps a registry's credentials.
    private static func serverKey(_ registry: String) -> String {
        registry == "docker.io" ? "https://index.docker.io/v1/" : registry
    }

    private static func entry(for server: String, in file: JSONValue) -> RegistryCredentials? {
        guard let auths = file["auths"]?.objectValue else { return nil }
        let entry = auths[server] ?? auths.first { host(of: $0.key) == host(of: server) }?.value
        guard let entry else { return nil }
        if let token = entry["identitytoken"]?.stringValue, !token.isEmpty { return .identityToken(token) }
        if let user = entry["username"]?.stringValue, let password = entry["password"]?.stringValue, !user.isEmpty {
            return .password(user: user, password: password)
        }
        guard let encoded = entry["auth"]?.stringValue, let data = Data(base64Encoded: encoded),
            let colon = data.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return .password(
            user: String(decoding: data[..<colon], as: UTF8.self),
            password: String(decoding: data[data.index(after: colon)...].filter { $0 != 0 }, as: UTF8.self))
    }

    /// Older files name servers as URLs of an API; `quay.io/team`, podman's part of a registry, is none.
    private static func host(of key: String) -> Substring {
        var rest = key[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        for suffix in ["/", "/v1", "/v2"] where rest.hasSuffix(suffix) { rest = rest.dropLast(suffix.count) }
        return rest
    }

    private static func parse(_ bytes: [UInt8], from place: String) throws(Failure) -> JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw Failure(
                .spec, "\(place) is no JSON (\(error.code) at \(error.place.map { "\($0.line):\($0.column)" } ?? "?"))",
                remedy: "Repair it, or remove it and log in again with: docker login")
        }
    }
}
