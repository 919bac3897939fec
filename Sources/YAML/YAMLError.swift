/// A text that is no YAML, or more of it than the budget allows.
package struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        case syntax
        /// Bytes, depth, nodes or alias expansion are past the budget.
        case budget
        /// An edit that cannot be made without changing more than the value.
        case edit
    }

    package let kind: Kind
    /// A clause without a full stop.
    package let message: String
    /// `nil` when the text as a whole is meant.
    package let position: SourcePosition?

    package var description: String {
        position.map { "\($0.line):\($0.column): \(message)" } ?? message
    }
}

/// How much YAML is read before giving up.
package struct YAMLBudget: Hashable, Sendable {
    /// Of the text.
    package var bytes: Int
    /// Of nested sequences and mappings.
    package var depth: Int
    /// With every alias expanded.
    package var nodes: Int

    package init(bytes: Int = 1 << 20, depth: Int = 64, nodes: Int = 50_000) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
    }
}
