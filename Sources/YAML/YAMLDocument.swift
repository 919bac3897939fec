import CYAML

/// One YAML document with the bytes that it was read from.
package struct YAMLDocument: Sendable {
    package let source: [UInt8]
    /// `nil` when the text holds no document at all (nothing, or comments alone).
    package let root: YAMLNode?

    /// Reads a text that holds one document at most, as UTF-8 with or without a byte order mark.
    ///
    /// - Throws: `YAMLError` of kind `syntax` with its place (bad UTF-8 and a second document too), or of kind `budget`.
    package init(_ source: [UInt8], budget: YAMLBudget = YAMLBudget()) throws(YAMLError) {
        guard source.count <= budget.bytes else {
            throw YAMLError(
                kind: .budget, message: "the file has \(source.count) bytes, \(budget.bytes) are allowed", position: nil
            )
        }
        self.source = source
        var composer = Composer(budget: budget, source: source)
        root = try composer.compose()
    }
}
