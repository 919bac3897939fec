/// A new text for the scalar at one place of a document.
package struct ScalarEdit: Hashable, Sendable {
    /// The span of the scalar as it was read.
    package let span: SourceSpan
    package let text: String

    package init(_ span: SourceSpan, text: String) {
        self.span = span
        self.text = text
    }
}

extension YAMLDocument {
    /// The document's bytes with just these scalars replaced; every other byte stays as it is.
    ///
    /// Quotes are kept. The result is parsed again and must be the old document with only those values changed: text
    /// surgery is fast and faithful, and only a parser can say that it was right.
    ///
    /// - Throws: `YAMLError` of kind `edit` when a value is an alias or a block scalar, would need another kind of quoting,
    ///   or when the proof fails.
    package func replacing(_ edits: [ScalarEdit]) throws(YAMLError) -> [UInt8] {
        guard let root else { throw YAMLError(kind: .edit, message: "the file is empty", position: nil) }
        var result = source
        for edit in edits.sorted(by: { $0.span.start.offset > $1.span.start.offset }) {
            guard let node = Self.scalar(at: edit.span, in: root), let scalar = node.scalar else {
                throw YAMLError(kind: .edit, message: "no value of its own stands here", position: edit.span.start)
            }
            result.replaceSubrange(edit.span.bytes, with: try written(edit, as: scalar))
        }
        let budget = YAMLBudget(bytes: .max, depth: .max, nodes: .max)
        guard let edited = try YAMLDocument(result, budget: budget).root,
            Self.isProof(old: root, new: edited, edits: edits)
        else {
            throw YAMLError(
                kind: .edit, message: "the edit would change more than its value", position: edits.first?.span.start)
        }
        return result
    }

    private func written(_ edit: ScalarEdit, as scalar: YAMLScalar) throws(YAMLError) -> [UInt8] {
        let refusal = YAMLError(
            kind: .edit, message: "'\(edit.text)' cannot be written here without changing the quoting",
            position: edit.span.start)
        let isPrintable = edit.text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
        guard isPrintable else { throw refusal }
        switch scalar.style {
        case .plain:
            // A missing value (`amd64:` and nothing) has no bytes: a space parts it from the colon.
            let isMissing = edit.span.bytes.isEmpty && edit.span.start.offset > 0
            let needsSpace = isMissing && source[edit.span.start.offset - 1] == UInt8(ascii: ":")
            return Array(((needsSpace ? " " : "") + edit.text).utf8)
        case .singleQuoted:
            guard !edit.text.contains("'") else { throw refusal }
            return Array("'\(edit.text)'".utf8)
        case .doubleQuoted:
            guard !edit.text.contains("\""), !edit.text.contains("\\") else { throw refusal }
            return Array("\"\(edit.text)\"".utf8)
        case .literal, .folded:
            throw YAMLError(
                kind: .edit, message: "a block scalar stands here; write the value on the line of its key",
                position: edit.span.start)
        }
    }

    private static func scalar(at span: SourceSpan, in node: YAMLNode) -> YAMLNode? {
        if node.isAlias { return nil }
        switch node.content {
        case .scalar: return node.span == span ? node : nil
        case .sequence(let items):
            for item in items { if let found = scalar(at: span, in: item) { return found } }
            return nil
        case .mapping(let pairs):
            for pair in pairs { if let found = scalar(at: span, in: pair.value) { return found } }
            return nil
        }
    }

    private static func isProof(old: YAMLNode, new: YAMLNode, edits: [ScalarEdit]) -> Bool {
        guard old.tag == new.tag, old.isAlias == new.isAlias else { return false }
        // What an alias repeats is proven where it is written.
        if old.isAlias { return true }
        switch (old.content, new.content) {
        case (.scalar(let before), .scalar(let after)):
            if let edit = edits.first(where: { $0.span == old.span }) { return new.value == .string(edit.text) }
            return before == after
        case (.sequence(let left), .sequence(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { isProof(old: $0, new: $1, edits: edits) }
        case (.mapping(let left), .mapping(let right)):
            return left.count == right.count
                && zip(left, right).allSatisfy {
                    isProof(old: $0.key, new: $1.key, edits: edits)
                        && isProof(old: $0.value, new: $1.value, edits: edits)
                }
        default: return false
        }
    }
}
