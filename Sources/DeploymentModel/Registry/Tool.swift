package import JSON

/// A tool of the registry: a program that a run starts as a child process (seed "Registry & Adapters", tools).
package struct Tool: Hashable, Sendable, Codable {
    /// One value that it takes or gives back.
    package struct Parameter: Hashable, Sendable, Codable {
        package let name: String
        /// `string`, `integer`, `number`, `boolean`, `object` or `array`; `nil` for any.
        package let type: String?
        package let isRequired: Bool
        package let standard: JSONValue?

        package init(name: String, type: String? = nil, isRequired: Bool = false, standard: JSONValue? = nil) {
            self.name = name
            self.type = type
            self.isRequired = isRequired
            self.standard = standard
        }
    }

    package let id: SpecID
    /// SHA-256 over the spec, 64 hexadecimal digits.
    package let specHash: String
    /// What runs it: `local`, `modal`, `mock` or `tool`; `nil` when the spec does not say.
    package let adapter: String?
    /// What it runs.
    package let entryPoint: String
    package let inputs: [Parameter]
    package let outputs: [Parameter]
    package let secrets: SecretNames
    package let predicates: PredicatesSpec
    /// The longest that one call may take, in seconds.
    package let timeoutSeconds: Int

    package init(
        id: SpecID, specHash: String, adapter: String? = nil, entryPoint: String, inputs: [Parameter] = [],
        outputs: [Parameter] = [], secrets: SecretNames = SecretNames(),
        predicates: PredicatesSpec = PredicatesSpec(), timeoutSeconds: Int = 600
    ) {
        self.id = id
        self.specHash = specHash
        self.adapter = adapter
        self.entryPoint = entryPoint
        self.inputs = inputs
        self.outputs = outputs
        self.secrets = secrets
        self.predicates = predicates
        self.timeoutSeconds = timeoutSeconds
    }

    /// The same tool, whose hash is over more than its spec.
    package func hashed(as hash: String) -> Tool {
        Tool(
            id: id, specHash: hash, adapter: adapter, entryPoint: entryPoint, inputs: inputs, outputs: outputs,
            secrets: secrets, predicates: predicates, timeoutSeconds: timeoutSeconds)
    }

    /// Its inputs as a JSON Schema, so that they are judged as those of a processor are.
    package var inputsSchema: JSONValue {
        var properties: [String: JSONValue] = [:]
        for input in inputs {
            var property: [String: JSONValue] = [:]
            property["type"] = input.type.map { .string($0) }
            property["default"] = input.standard
            properties[input.name] = .object(property)
        }
        return [
            "type": "object", "additionalProperties": false, "properties": .object(properties),
            "required": .array(inputs.filter { $0.isRequired && $0.standard == nil }.map { .string($0.name) }),
        ]
    }
}
