package import DeploymentModel
package import JSON

/// A tool, schema, policy or prompt of the registry.
package struct SupportSpec: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case tool = "tools"
        case schema = "schemas"
        case policy = "policies"
        case prompt = "prompts"
    }

    package let kind: Kind
    package let id: SpecID
    package let path: String
    package let json: JSONValue
}
