/// One thing in a value that its schema forbids.
package struct SchemaViolation: Sendable, Hashable {
    /// The part of the value.
    package let instance: JSONPointer
    /// The URI of the document that `schema` points into; `nil` for the document that was compiled.
    package let document: String?
    /// The keyword, or the schema `false`, that forbids it.
    package let schema: JSONPointer
    package let keyword: String
    /// One clause; it may hold names of the value and anything of the schema, never a string or number of the value.
    package let message: String

    package init(
        instance: JSONPointer, document: String? = nil, schema: JSONPointer, keyword: String, message: String
    ) {
        self.instance = instance
        self.document = document
        self.schema = schema
        self.keyword = keyword
        self.message = message
    }
}

extension SchemaViolation: Comparable, CustomStringConvertible {
    package var description: String { "\(instance.isRoot ? "the value" : instance.description): \(message)" }

    /// By place in the value, then by place in the schema.
    package static func < (left: SchemaViolation, right: SchemaViolation) -> Bool {
        if left.instance != right.instance { return left.instance.precedes(right.instance) }
        if left.document != right.document { return (left.document ?? "") < (right.document ?? "") }
        if left.schema != right.schema { return left.schema.precedes(right.schema) }
        return left.message < right.message
    }
}

extension JSONPointer {
    var isRoot: Bool { tokens.isEmpty }

    /// Token by token, what holds before what is held, numbers before names and by value.
    fileprivate func precedes(_ other: JSONPointer) -> Bool {
        for (mine, theirs) in zip(tokens, other.tokens) where mine != theirs {
            switch (Int(mine), Int(theirs)) {
            case (let mine?, let theirs?) where mine != theirs: return mine < theirs
            case (_?, nil): return true
            case (nil, _?): return false
            default: return mine < theirs
            }
        }
        return tokens.count < other.tokens.count
    }
}
