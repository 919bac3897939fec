/// The two values that a private endpoint on Modal asks for. Its description shows neither.
package struct ProxyKeys: Sendable {
    /// The variables that they are read from. Which one holds which header field's value is told by `headers`.
    package static let variables = ["MODAL_PROXY_KEY", "MODAL_PROXY_SECRET"]

    private let key: String
    private let secret: String

    package init(key: String, secret: String) {
        self.key = key
        self.secret = secret
    }

    /// The header fields that carry them.
    var headers: [String: String] { ["Modal-Key": key, "Modal-Secret": secret] }

    /// Takes both out of whatever is said.
    var filter: SecretFilter { SecretFilter([Self.variables[0]: key, Self.variables[1]: secret]) }
}

extension ProxyKeys: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "proxy keys" }
    package var debugDescription: String { description }

    /// Nothing to see: a crash report or a dump must not show values.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
