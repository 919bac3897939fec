import ContentCache
import DeploymentModel
import Git
import YAML

/// Judgements as bytes, for the cache alone: whatever is not as it was written is no judgement.
extension Judgement {
    func write(to writer: inout ByteWriter) {
        writer.put(path)
        writer.put(diagnostics) { $0.put($1, of: path) }
        writer.put(processor) { writer, processor in
            writer.put(processor.ref.description)
            writer.put(processor.pins) { $0.put($1, of: path) }
            writer.put(processor.builds) { $0.put($1, of: path) }
        }
        writer.put(support) { writer, support in
            writer.put(support.kind.rawValue)
            writer.put(support.id.description)
        }
        writer.put(isStrict ? 1 : 0)
        writer.put(references) { $0.put($1) }
        writer.put(lane) { $1.write(to: &$0) }
        writer.put(environments) { $1.write(to: &$0) }
        writer.put(grounds.schemas.sorted { $0.key < $1.key }) { writer, ground in
            writer.put(ground.key)
            writer.put(ground.value) { $0.put(raw: $1.bytes) }
        }
        writer.put(grounds.places.sorted { $0.key < $1.key }) { writer, ground in
            writer.put(ground.key)
            writer.put(ground.value.id) { $0.put(raw: $1.bytes) }
            writer.put(ground.value.mode) { $0.put(Int($1.rawValue)) }
        }
    }

    init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        let path = try reader.text()
        self.init(path: path)
        diagnostics = try reader.list { (reader) throws(ByteReader.Malformed) in try reader.diagnostic(of: path) }
        processor = try reader.optional { (reader) throws(ByteReader.Malformed) in
            guard let ref = try? ProcessorRef(reader.text()) else { throw ByteReader.Malformed() }
            return Processor(
                ref: ref,
                pins: try reader.list { (reader) throws(ByteReader.Malformed) in try reader.diagnostic(of: path) },
                builds: try reader.list { (reader) throws(ByteReader.Malformed) in try reader.diagnostic(of: path) })
        }
        support = try reader.optional { (reader) throws(ByteReader.Malformed) in
            CrossChecks.Support(kind: try reader.kind(), id: try reader.specID())
        }
        isStrict = try reader.number() == 1
        references = try reader.list { (reader) throws(ByteReader.Malformed) in
            try reader.reference()
        }
        lane = try reader.optional { (reader) throws(ByteReader.Malformed) in try CrossChecks.Lane(from: &reader) }
        environments = try reader.list { (reader) throws(ByteReader.Malformed) in
            try CrossChecks.Place(from: &reader)
        }
        let schemas = try reader.list { (reader) throws(ByteReader.Malformed) in
            (try reader.text(), try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.objectID() })
        }
        for (id, blob) in schemas { grounds.schemas[id] = .some(blob) }
        let places = try reader.list { (reader) throws(ByteReader.Malformed) in
            let path = try reader.text()
            let id = try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.objectID() }
            let mode = try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.mode() }
            return (path, TreeListing.Mark(id: id, mode: mode))
        }
        for (path, mark) in places { grounds.places[path] = mark }
    }
}

extension ByteWriter {
    mutating func put(_ span: SourceSpan) {
        for position in [span.start, span.end] {
            for number in [position.offset, position.line, position.column] { put(number) }
        }
    }

    mutating func put(_ reference: SpecReference) {
        put(reference.kind.rawValue)
        put(reference.id.description)
        put(reference.span)
    }

    /// - Parameter path: the file that the finding is about, most often.
    mutating func put(_ finding: Diagnostic, of path: String) {
        put(finding.severity.rawValue)
        put(finding.code.rawValue)
        put(finding.message)
        put(finding.file == path ? "" : finding.file)
        for number in [finding.line, finding.column, finding.length] { put(number) { $0.put($1) } }
        put(finding.fix) { $0.put($1) }
        put(finding.hidesSource ? 1 : 0)
    }
}

extension ByteReader {
    mutating func reference() throws(Malformed) -> SpecReference {
        SpecReference(kind: try kind(), id: try specID(), span: try span())
    }

    mutating func diagnostic(of path: String) throws(Malformed) -> Diagnostic {
        guard let severity = Diagnostic.Severity(rawValue: try text()), let code = ErrorCode(rawValue: try text())
        else { throw Malformed() }
        let (message, file) = (try text(), try text())
        var numbers: [Int?] = []
        for _ in 0..<3 {
            numbers.append(try optional { (reader) throws(Malformed) in try reader.number() })
        }
        let fix = try optional { (reader) throws(Malformed) in try reader.text() }
        return Diagnostic(
            severity, code, message, file: file.isEmpty ? path : file, line: numbers[0], column: numbers[1],
            length: numbers[2], fix: fix, hidesSource: try number() == 1)
    }

    fileprivate mutating func kind() throws(Malformed) -> SupportSpec.Kind {
        guard let kind = SupportSpec.Kind(rawValue: try text()) else { throw Malformed() }
        return kind
    }

    mutating func specID() throws(Malformed) -> SpecID {
        guard let id = try? SpecID(text()) else { throw Malformed() }
        return id
    }

    mutating func span() throws(Malformed) -> SourceSpan {
        SourceSpan(start: try position(), end: try position())
    }

    private mutating func position() throws(Malformed) -> SourcePosition {
        SourcePosition(offset: try number(), line: try number(), column: try number())
    }

    mutating func objectID() throws(Malformed) -> ObjectID {
        guard let id = ObjectID(bytes: try raw(20)) else { throw Malformed() }
        return id
    }

    fileprivate mutating func mode() throws(Malformed) -> TreeEntry.Mode {
        guard let mode = TreeEntry.Mode(rawValue: UInt32(clamping: try number())) else { throw Malformed() }
        return mode
    }
}
