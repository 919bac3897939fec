/// One parameter of a generated processor: a name, a JSON Schema, and a value that fits it.
struct GeneratedProperty {
    let name: String
    let isRequired: Bool
    let example: String
    private let lines: [String]

    private static let names = [
        "prompt", "language", "model", "temperature", "limit", "window", "quality", "format", "title", "threshold",
        "tags", "region", "mode_hint", "depth", "seed", "width", "height", "codec", "margin", "weight",
    ]

    /// Four to six of them with different names.
    static func some(_ random: inout SeededGenerator) -> [GeneratedProperty] {
        let names = names.shuffled(using: &random).prefix(Int.random(in: 4...6, using: &random))
        return names.enumerated().map { GeneratedProperty(name: $1, isRequired: $0 < 2, &random) }
    }

    private init(name: String, isRequired: Bool, _ random: inout SeededGenerator) {
        self.name = name
        self.isRequired = isRequired
        let low = Int.random(in: 0..<50, using: &random)
        let high = low + Int.random(in: 1..<1000, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            example = "\"\(name) \(low)\""
            lines = ["\(name): {type: string, minLength: 1, maxLength: \(high + 100)}"]
        case 1:
            example = "\(low)"
            lines = [
                "\(name):", "  description: Between \(low) and \(high), more is slower.", "  type: integer",
                "  minimum: \(low)", "  maximum: \(high)",
            ]
        case 2:
            example = "small"
            lines = ["\(name): {enum: [small, middle, large\(high)], default: small}"]
        case 3:
            example = "[{role: user, content: \"say \(low)\"}]"
            lines = [
                "\(name):", "  type: array", "  minItems: 1", "  maxItems: \(high)", "  items:", "    type: object",
                "    required: [role, content]", "    properties:", "      role: {enum: [system, user, assistant]}",
                "      content: {type: string}",
            ]
        default:
            example = "0.5"
            lines = ["\(name): {type: number, minimum: 0, exclusiveMaximum: \(high)}   # \(name) of the whole"]
        }
    }

    func schema(indent: Int) -> String {
        lines.map { String(repeating: " ", count: indent) + $0 }.joined(separator: "\n")
    }
}
