/// A place in a YAML text.
package struct SourcePosition: Hashable, Sendable {
    /// Bytes from the start of the text, a byte order mark included.
    package let offset: Int
    /// Counts from 1.
    package let line: Int
    /// Counts Unicode scalars from 1.
    package let column: Int

    package init(offset: Int, line: Int, column: Int) {
        self.offset = offset
        self.line = line
        self.column = column
    }
}

/// The bytes of a YAML text that one node was read from. Quotes belong to it, anchors and tags do not.
package struct SourceSpan: Hashable, Sendable {
    package let start: SourcePosition
    /// Just behind the last byte.
    package let end: SourcePosition

    package init(start: SourcePosition, end: SourcePosition) {
        self.start = start
        self.end = end
    }

    package var bytes: Range<Int> { start.offset..<end.offset }
}
