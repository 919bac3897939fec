import JSON

/// Fields that files of several kinds have.
extension SpecSchema {
    static let idPattern = "^[a-z0-9]+([._-][a-z0-9]+)*@[1-9][0-9]*$"
    static let secretPattern = "^[A-Za-z_][A-Za-z0-9_]*$"
    static let types = ["string", "integer", "number", "boolean", "object", "array"]

    static let specID = SpecShape.required(
        SpecShape.text("The name that other specs call it by: name@version.", pattern: idPattern))
    static let title = SpecShape.text("A name for people.")
    static let description = SpecShape.text("What it is for, in a sentence or more.")
    static let promptID = SpecShape.text("The id of a prompt of this registry.", pattern: idPattern)

    static let predicates = SpecShape.mapping(
        "What has to hold. An error inside a predicate is an error, never 'false'.",
        [
            "admission": SpecShape.list("Before a run is admitted.", of: predicate(.admission)),
            "success": SpecShape.list("For a run to count as a success.", of: predicate(.success)),
        ])

    /// One predicate of a phase: its arguments follow from its id.
    private static func predicate(_ phase: PredicateSignature.Phase) -> JSONValue {
        let signatures = PredicateSignature.all.filter { $0.phase == phase }
        let rules = signatures.map { signature -> JSONValue in
            let names = signature.parameters.map { JSONValue.string($0.name) }
            var arguments: [String: JSONValue] = [:]
            for parameter in signature.parameters {
                arguments[parameter.name] =
                    switch parameter.kind {
                    case .text: ["type": "string"]
                    case .count: ["type": "integer", "minimum": 0]
                    }
            }
            let needs: JSONValue = names.isEmpty ? [] : ["args"]
            return [
                "if": ["properties": ["id": ["const": .string(signature.id)]]],
                "then": [
                    "properties": [
                        "args": [
                            "properties": .object(arguments), "required": .array(names),
                            "patternProperties": ["^x-": true], "additionalProperties": false,
                        ]
                    ], "required": needs,
                ],
            ]
        }
        var members =
            SpecShape.item(
                "A predicate and its arguments.",
                [
                    "id": SpecShape.required(SpecShape.word("Which predicate it is.", signatures.map(\.id))),
                    "args": SpecShape.open(
                        "Its arguments. ${outputs.<name>_path} stands for the path of an output.", of: true),
                ], required: ["id"]
            ).objectValue ?? [:]
        members["allOf"] = .array(rules)
        return .object(members)
    }

    /// The names of secrets that are needed, and of those that are used when they are there.
    static let secrets: JSONValue = [
        "description":
            "Names of secrets, as environment variables have them. Values are never in git: they come from the environment.",
        "anyOf": [
            SpecShape.mapping(
                "Required and optional secrets.",
                [
                    "required": SpecShape.list("Without these a real run is refused.", of: secret),
                    "optional": SpecShape.list("These are used when they are there.", of: secret),
                ]),
            SpecShape.older(
                SpecShape.required(SpecShape.list("Required secrets.", of: secret)), "write {required: […]}."),
        ],
    ]

    private static let secret: JSONValue = ["type": "string", "pattern": .string(secretPattern)]
}
