import DeploymentModel
import FoundationEssentials
import JSON

extension RegistryCredentials {
    /// The value of `X-Registry-Auth`: JSON as base64 in the alphabet for URLs, with padding (Engine API,
    /// "Authentication"). Without credentials it is an empty object, which a push wants all the same.
    func engineHeader(for registry: String) -> String {
        let server = registry == "docker.io" ? "https://index.docker.io/v1/" : registry
        let json: JSONValue =
            switch self {
            case .anonymous: [:]
            case .password(let user, let password):
                ["username": .string(user), "password": .string(password), "serveraddress": .string(server)]
            case .identityToken(let token): ["identitytoken": .string(token), "serveraddress": .string(server)]
            }
        return Data(json.compact.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }
}
