import DeploymentModel
package import JSON

/// The shape of the registry's files as JSON Schema (2020-12), for editors and for checks that cannot run Pinion.
///
/// It says what the readers say of types, names and ranges. It is stricter in one way: a name that the reader only warns
/// of is not allowed, so that an editor marks the slip (names that start with `x-` are free). What needs other files, git
/// or a grammar of many rules stays with `pinion validate`.
package enum SpecSchema: String, CaseIterable, Sendable {
    case processor
    case tool
    case schema
    case policy
    case prompt
    case environments
    case lane

    /// The schema as one document that refers to nothing outside itself.
    package var document: JSONValue {
        var members = shape.objectValue ?? [:]
        members["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        members["title"] = .string(title)
        return .object(members)
    }

    /// The schema as people and editors read it, without a last line end.
    package var text: String { document.pretty }

    /// What the schema's own file is called: `processor.schema.json`.
    package var fileName: String { "\(rawValue).schema.json" }

    /// The line of a spec that names its schema to yaml-language-server.
    ///
    /// - Parameter folder: where the schema's file is, seen from the spec: `../..`.
    package func modeline(folder: String) -> String { "# yaml-language-server: $schema=\(folder)/\(fileName)" }

    private var shape: JSONValue {
        switch self {
        case .processor: Self.processorShape
        case .tool: Self.toolShape
        case .schema: Self.schemaShape
        case .policy: Self.policyShape
        case .prompt: Self.promptShape
        case .environments: Self.environmentsShape
        case .lane: Self.laneShape
        }
    }

    private var title: String {
        switch self {
        case .processor: "Pinion: a processor's registry.yaml"
        case .tool: "Pinion: a tool, registry/tools/*.yaml"
        case .schema: "Pinion: a schema, registry/schemas/*.yaml"
        case .policy: "Pinion: a policy, registry/policies/*.yaml"
        case .prompt: "Pinion: a prompt, registry/prompts/*.yaml"
        case .environments: "Pinion: \(EnvironmentSpec.file)"
        case .lane: "Pinion: a lane, pipelines/*.yaml"
        }
    }
}
