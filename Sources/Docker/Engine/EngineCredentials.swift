package import DeploymentModel
import FoundationEssentials
import JSON

/// How the engine logs in to an OCI registry on our behalf.
package enum EngineCredentials: Sendable, Hashable {
    case password(user: String, password: String)
    case identityToken(String)
}

extension EngineCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says which kind it is, never the value.
    package var description: String {
        switch self {
        case .password: "user and password"
        case .identityToken: "identity token"
        }
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Finds credentials for the engine.
package protocol EngineCredentialSource: Sendable {
    /// The credentials for a registry, named as in image references (`ghcr.io`, `docker.io`); `nil` for none.
    func engineCredentials(for registry: String) async throws(Failure) -> EngineCredentials?
}

/// Nobody is logged in anywhere.
package struct NoEngineCredentials: EngineCredentialSource {
    package init() {}

    package func engineCredentials(for registry: String) async throws(Failure) -> EngineCredentials? { nil }
}

extension EngineCredentials {
    /// The value of `X-Registry-Auth`: JSON as base64 in the alphabet for URLs, with padding (Engine API,
    /// "Authentication"). Without credentials it is an empty object, which a push wants all the same.
    static func header(_ credentials: EngineCredentials?, registry: String) -> String {
        let server = registry == "docker.io" ? "https://index.docker.io/v1/" : registry
        let json: JSONValue =
            switch credentials {
            case nil: [:]
            case .password(let user, let password)?:
                ["username": .string(user), "password": .string(password), "serveraddress": .string(server)]
            case .identityToken(let token)?: ["identitytoken": .string(token), "serveraddress": .string(server)]
            }
        return Data(json.compact.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }
}
