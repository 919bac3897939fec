import DeploymentModel
import HTTP

/// Where an OCI registry is reached: https, but plain HTTP on this host's loopback, as Docker does it, and where the user
/// said so.
struct OCIEndpoint: Sendable, Hashable {
    /// The name in image references: `ghcr.io`, `127.0.0.1:5000`.
    let registry: String
    /// Scheme and host, without a slash at the end.
    let base: String
    /// What credentials for this registry are bound to.
    let origin: HTTPURL.Origin?

    /// - Parameter insecure: the registries that may be reached by plain HTTP.
    init(registry: String, insecure: Set<RegistryHost> = []) {
        self.registry = registry
        // Docker Hub's API has a name of its own.
        let host = registry == "docker.io" ? "registry-1.docker.io" : registry
        let plain = try? HTTPURL("http://\(host)/").origin
        let isPlain = plain?.isLoopback == true || insecure.contains { $0.name == registry }
        base = "\(isPlain ? "http" : "https")://\(host)"
        origin = isPlain ? plain : try? HTTPURL("https://\(host)/").origin
    }

    /// The URL of something in a repository.
    func url(_ path: String, _ rest: String) -> String {
        "\(base)/v2/\(path)/\(rest)"
    }
}
