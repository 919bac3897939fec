import CYAML

/// One event of libyaml, copied out of its memory.
struct Event {
    enum Kind: Hashable { case documentStart, node, collectionEnd, end, other }

    enum Start {
        case alias(String)
        case scalar(YAMLScalar)
        case sequence
        case mapping
        case other
    }

    let kind: Kind
    let start: Start
    let anchor: String?
    let tag: String?
    let span: SourceSpan

    /// Claims that a tag or an anchor stands before the value.
    var hasProperties: Bool { anchor != nil || tag != nil }

    /// Takes the next event from the parser.
    ///
    /// - Throws: `YAMLError` with libyaml's own words.
    init(_ parser: inout yaml_parser_t, _ offsets: OffsetTable) throws(YAMLError) {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(&parser, &event) == 1 else { throw unsafe Self.error(parser, offsets) }
        defer { unsafe yaml_event_delete(&event) }
        var anchor: String?
        var tag: String?
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let data = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: data.value, count: data.length)
            let text = unsafe String(decoding: bytes, as: UTF8.self)
            kind = .node
            start = .scalar(YAMLScalar(text: text, style: Self.style(unsafe data.style)))
            anchor = unsafe Self.text(data.anchor)
            tag = unsafe Self.text(data.tag)
        case YAML_ALIAS_EVENT:
            kind = .node
            start = unsafe .alias(Self.text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            kind = .node
            start = .sequence
            anchor = unsafe Self.text(event.data.sequence_start.anchor)
            tag = unsafe Self.text(event.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            kind = .node
            start = .mapping
            anchor = unsafe Self.text(event.data.mapping_start.anchor)
            tag = unsafe Self.text(event.data.mapping_start.tag)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            kind = .collectionEnd
            start = .other
        case YAML_DOCUMENT_START_EVENT:
            kind = .documentStart
            start = .other
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
            kind = .end
            start = .other
        default:
            kind = .other
            start = .other
        }
        self.anchor = anchor
        self.tag = tag
        span = unsafe SourceSpan(
            start: Self.position(event.start_mark, offsets), end: Self.position(event.end_mark, offsets))
    }

    private static func position(_ mark: yaml_mark_t, _ offsets: OffsetTable) -> SourcePosition {
        SourcePosition(
            offset: offsets.offset(ofCharacter: mark.index), line: mark.line + 1, column: mark.column + 1)
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: pointer)
    }

    private static func style(_ style: yaml_scalar_style_t) -> YAMLScalar.Style {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }

    private static func error(_ parser: yaml_parser_t, _ offsets: OffsetTable) -> YAMLError {
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "not readable as YAML"
        let context = unsafe parser.context.map { unsafe String(cString: $0) }
        let message = context.map { "\(problem) (\($0))" } ?? problem
        if unsafe parser.error == YAML_READER_ERROR {
            // The reader counts bytes and knows no lines.
            return unsafe YAMLError(
                kind: .syntax, message: "\(message), at byte \(parser.problem_offset)", position: nil)
        }
        return unsafe YAMLError(kind: .syntax, message: message, position: position(parser.problem_mark, offsets))
    }
}
