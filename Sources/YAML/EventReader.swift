import CYAML

/// Reads the events of a text one by one.
@safe struct EventReader: ~Copyable {
    /// At an address of its own, because libyaml keeps a pointer to it in it.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let offsets: OffsetTable

    private init(_ bytes: UnsafeBufferPointer<UInt8>) throws(YAMLError) {
        unsafe parser = .allocate(capacity: 1)
        // libyaml would count a byte order mark as a column, and the second line as less indented than the first.
        let hasMark = unsafe bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let text = unsafe UnsafeBufferPointer(rebasing: bytes.dropFirst(hasMark ? 3 : 0))
        offsets = unsafe OffsetTable(text, start: hasMark ? 3 : 0)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(kind: .syntax, message: "libyaml has no memory", position: nil)
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// Lends a reader of the text to the body; libyaml keeps a pointer to the bytes for just as long.
    static func read<Value>(
        _ source: [UInt8], _ body: (inout EventReader) throws(YAMLError) -> Value
    ) throws(YAMLError) -> Value {
        let result: Result<Value, YAMLError> = unsafe source.withUnsafeBufferPointer { bytes in
            do throws(YAMLError) {
                var reader = try unsafe EventReader(bytes)
                return .success(try body(&reader))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// The next event; after the end of the stream, that end again.
    mutating func next() throws(YAMLError) -> Event { try unsafe Event(parser, offsets) }
}
