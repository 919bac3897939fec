import JSON

/// Takes the values of secrets out of what a tool says, in case that it says one.
struct SecretFilter: Sendable {
    /// A shorter value would be found where it is not meant.
    private static let least = 4

    private let secrets: [(name: String, value: String)]

    init(_ values: [String: String]) {
        secrets = values.filter { $0.value.utf8.count >= Self.least }
            .sorted { ($1.value.utf8.count, $0.key) < ($0.value.utf8.count, $1.key) }
            .map { ($0.key, $0.value) }
    }

    func callAsFunction(_ text: String) -> String {
        secrets.reduce(text) { text, secret in text.replacing(secret.value, with: "[\(secret.name)]") }
    }

    func callAsFunction(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): return .string(self(text))
        case .array(let elements): return .array(elements.map { self($0) })
        case .object(let members):
            return .object(
                Dictionary(members.map { (self($0.key), self($0.value)) }, uniquingKeysWith: { first, _ in first }))
        default: return value
        }
    }
}
