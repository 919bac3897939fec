package import DeploymentModel
package import JSON
import YAML

/// A tool, schema, policy or prompt of the registry.
package struct SupportSpec: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case tool = "tools"
        case schema = "schemas"
        case policy = "policies"
        case prompt = "prompts"

        /// `schema`, for messages.
        package var noun: String {
            switch self {
            case .tool: "tool"
            case .schema: "schema"
            case .policy: "policy"
            case .prompt: "prompt"
            }
        }
    }

    package let kind: Kind
    package let id: SpecID
    package let path: String
    package let title: String?
    /// The specs that it names by id.
    package let references: [SpecReference]
    package let json: JSONValue
}
