import DeploymentModel
import HTTP

/// Where an OCI registry is reached: https, but plain HTTP on this host's loopback, as Docker does it.
struct OCIEndpoint: Sendable, Hashable {
    /// The name in image references: `ghcr.io`, `127.0.0.1:5000`.
    let registry: String
    /// Scheme and host, without a slash at the end.
    let base: String

    init(registry: String) {
        self.registry = registry
        // Docker Hub's API has a name of its own.
        let host = registry == "docker.io" ? "registry-1.docker.io" : registry
        let isLoopback = (try? HTTPURL("http://\(host)/"))?.origin.isLoopback ?? false
        base = "\(isLoopback ? "http" : "https")://\(host)"
    }

    /// What credentials for this registry are bound to.
    var origin: HTTPURL.Origin? { try? HTTPURL(base + "/").origin }

    /// The URL of something in a repository.
    func url(_ path: String, _ rest: String) -> String {
        "\(base)/v2/\(path)/\(rest)"
    }
}
