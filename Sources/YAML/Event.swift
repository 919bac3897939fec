import CYAML

/// One event of libyaml, copied out of its memory.
struct Event {
    enum Kind: Hashable {
        case streamStart
        case streamEnd
        case documentStart(isExplicit: Bool)
        case documentEnd(isExplicit: Bool)
        case alias(String)
        case scalar(YAMLScalar)
        case sequenceStart(isFlow: Bool)
        case sequenceEnd
        case mappingStart(isFlow: Bool)
        case mappingEnd
    }

    let kind: Kind
    let anchor: String?
    let tag: String?
    let span: SourceSpan

    /// Takes the next event from the parser.
    ///
    /// - Throws: `YAMLError` with libyaml's own words.
    init(_ parser: UnsafeMutablePointer<yaml_parser_t>, _ offsets: OffsetTable) throws(YAMLError) {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw unsafe Self.error(parser.pointee, offsets) }
        defer { unsafe yaml_event_delete(&event) }
        var anchor: UnsafeMutablePointer<yaml_char_t>?
        var tag: UnsafeMutablePointer<yaml_char_t>?
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let data = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: data.value, count: data.length)
            let text = unsafe String(decoding: bytes, as: UTF8.self)
            kind = .scalar(YAMLScalar(text: text, style: Self.style(unsafe data.style)))
            unsafe (anchor, tag) = unsafe (data.anchor, data.tag)
        case YAML_ALIAS_EVENT: kind = unsafe .alias(Self.text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            let data = unsafe event.data.sequence_start
            kind = unsafe .sequenceStart(isFlow: data.style == YAML_FLOW_SEQUENCE_STYLE)
            unsafe (anchor, tag) = unsafe (data.anchor, data.tag)
        case YAML_MAPPING_START_EVENT:
            let data = unsafe event.data.mapping_start
            kind = unsafe .mappingStart(isFlow: data.style == YAML_FLOW_MAPPING_STYLE)
            unsafe (anchor, tag) = unsafe (data.anchor, data.tag)
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        case YAML_DOCUMENT_START_EVENT:
            kind = unsafe .documentStart(isExplicit: event.data.document_start.implicit == 0)
        case YAML_DOCUMENT_END_EVENT: kind = unsafe .documentEnd(isExplicit: event.data.document_end.implicit == 0)
        case YAML_STREAM_START_EVENT: kind = .streamStart
        default: kind = .streamEnd
        }
        self.anchor = unsafe Self.text(anchor)
        self.tag = unsafe Self.text(tag)
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
            // The reader counts bytes and knows no lines; `Composer`, which has the text, counts them.
            let offset = offsets.start + (unsafe parser.problem_offset)
            return YAMLError(
                kind: .syntax, message: message, position: SourcePosition(offset: offset, line: 0, column: 0))
        }
        return unsafe YAMLError(kind: .syntax, message: message, position: position(parser.problem_mark, offsets))
    }
}
