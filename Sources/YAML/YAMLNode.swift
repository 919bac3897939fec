/// A value of a YAML document, with the place that it was read from.
package struct YAMLNode: Sendable {
    package indirect enum Content: Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLPair])
    }

    package let content: Content
    /// The tag as it was written and resolved by its handle (`tag:yaml.org,2002:str`, `!local`), `nil` when none was.
    package let tag: String?
    /// Where the value was written; for an alias, where the alias stands.
    package let span: SourceSpan
    /// Claims that an alias (`*name`) stands here.
    package let isAlias: Bool
    /// How many nodes the value has, itself included and every alias expanded.
    let weight: Int
}

/// A key and its value, in the order of the text.
package struct YAMLPair: Sendable {
    package let key: YAMLNode
    package let value: YAMLNode
}

/// A scalar: its text after unquoting and folding, and how it was written.
package struct YAMLScalar: Hashable, Sendable {
    package enum Style: Hashable, Sendable { case plain, singleQuoted, doubleQuoted, literal, folded }

    package let text: String
    package let style: Style
}

extension YAMLNode {
    package var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    package var sequence: [YAMLNode]? {
        if case .sequence(let items) = content { items } else { nil }
    }

    /// The pairs as they were written; merge keys are not applied and repeated keys are all there.
    package var mapping: [YAMLPair]? {
        if case .mapping(let pairs) = content { pairs } else { nil }
    }

    /// Claims that both are the same value, whatever their style and place.
    package func equals(_ other: YAMLNode) -> Bool {
        guard tag == other.tag else { return false }
        switch (content, other.content) {
        case (.scalar, .scalar): return value == other.value
        case (.sequence(let left), .sequence(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.mapping(let left), .mapping(let right)):
            return left.count == right.count
                && zip(left, right).allSatisfy { $0.key.equals($1.key) && $0.value.equals($1.value) }
        default: return false
        }
    }
}
