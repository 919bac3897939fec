package import DeploymentModel
import HTTP

/// Where a Docker engine listens.
package struct EngineAddress: Sendable, Equatable {
    package enum Endpoint: Sendable, Equatable {
        case unix(path: String)
        /// A base URL without a slash at its end: `http://10.0.0.5:2375`, `https://…:2376`.
        case tcp(url: String)
    }

    /// The folder with `ca.pem`, `cert.pem` and `key.pem` for TLS.
    package let certificates: String?
    package let endpoint: Endpoint
    /// What the user said, for messages: `unix:///var/run/docker.sock`.
    package let text: String

    package static let standard = EngineAddress(
        endpoint: .unix(path: "/var/run/docker.sock"), text: "unix:///var/run/docker.sock", certificates: nil)

    private init(endpoint: Endpoint, text: String, certificates: String?) {
        self.endpoint = endpoint
        self.text = text
        self.certificates = certificates
    }

    /// Reads an address in the spelling of `DOCKER_HOST`.
    ///
    /// - Parameter certificates: the folder for TLS; `nil` speaks plain HTTP over TCP.
    /// - Throws: `Failure` with `ERR_DOCKER` for a scheme that Pinion can't reach (`ssh`, `npipe`) or for none.
    package init(_ text: String, certificates: String? = nil) throws(Failure) {
        func refuse(_ why: String, _ remedy: String) -> Failure {
            Failure(.docker, "the Docker engine's address '\(text)' \(why)", remedy: remedy)
        }
        let (scheme, rest) = Self.split(text)
        switch scheme {
        case "unix":
            guard rest.hasPrefix("/") else {
                throw refuse("has no absolute path", "Write it as unix:///path/to/docker.sock.")
            }
            self.init(endpoint: .unix(path: String(rest)), text: text, certificates: nil)
        case "tcp", "http", "https":
            let isSecure = certificates != nil || scheme == "https"
            let host = rest.hasSuffix("/") ? rest.dropLast() : rest
            let url = "\(isSecure ? "https" : "http")://\(host)"
            guard !host.isEmpty, let parsed = try? HTTPURL(url + "/"), parsed.path == "/" else {
                throw refuse("is no host and port", "Write it as tcp://host:port.")
            }
            self.init(endpoint: .tcp(url: url), text: text, certificates: certificates)
        case "ssh":
            throw refuse(
                "is reached by ssh, which Pinion does not speak",
                "Forward its socket and name that: ssh -L /tmp/docker.sock:/var/run/docker.sock HOST, "
                    + "DOCKER_HOST=unix:///tmp/docker.sock")
        default:
            throw refuse("is of no kind that Pinion speaks", "Use unix:///path or tcp://host:port.")
        }
    }

    private static func split(_ text: String) -> (scheme: Substring, rest: Substring) {
        guard let mark = text.firstRange(of: "://") else { return ("", text[...]) }
        return (text[..<mark.lowerBound], text[mark.upperBound...])
    }
}
