import ContentCache
import DeploymentModel
import Git

/// The records of a reference, as an earlier run read them at one commit.
struct KnownRecords<Record: CachedRecord>: Sendable {
    let tip: ObjectID
    let records: [Record.Name: Record]

    /// What stands at another commit: the records that are the same there, and the paths that differ; `nil` where that can't
    /// be told, as when the commit has been cleaned away.
    func carried(
        to other: ObjectID, in repository: GitRepository
    ) async -> (records: [Record.Name: Record], changed: [String])? {
        guard other != tip else { return (records, []) }
        guard let changes = try? await repository.changedPaths(from: tip, to: other) else { return nil }
        let changed = changes.map(\.path)
        var records = records
        for path in changed { if let name = Record.name(at: path) { records[name] = nil } }
        return (records, changed)
    }
}

/// As bytes, one file for each reference of each repository.
extension KnownRecords {
    /// What is known of a reference; `nil` where there is no file or a bad one.
    init?(of reference: String, of repository: GitRepository, in cache: CacheFolder) {
        let known = cache.load(Self.name(reference, repository)) { (reader) throws(ByteReader.Malformed) in
            guard let tip = ObjectID(bytes: try reader.raw(20)) else { throw ByteReader.Malformed() }
            let count = try reader.count()
            var records = [Record.Name: Record](minimumCapacity: count)
            for _ in 0..<count {
                let record = try Record(from: &reader)
                records[record.name] = record
            }
            return KnownRecords(tip: tip, records: records)
        }
        guard let known else { return nil }
        self = known
    }

    /// Keeps it for later.
    func store(of reference: String, of repository: GitRepository, in cache: CacheFolder) {
        cache.store(Self.name(reference, repository)) { writer in
            writer.put(raw: tip.bytes)
            writer.put(records.values) { writer, record in record.write(to: &writer) }
        }
    }

    private static func name(_ reference: String, _ repository: GitRepository) -> String {
        "\(reference) \(repository.gitDirectory)"
    }
}

/// A record that has its place in the tree by its name, and that the cache keeps as bytes.
protocol CachedRecord: Sendable {
    associatedtype Name: Hashable & Sendable
    var name: Name { get }
    /// The name of the record that has its place at a path; `nil` for the path of something else.
    static func name(at path: String) -> Name?

    func write(to writer: inout ByteWriter)
    init(from reader: inout ByteReader) throws(ByteReader.Malformed)
}

extension BuildRecord: CachedRecord {
    var name: ID { id }

    static func name(at path: String) -> ID? { GitStateStore.buildID(at: path) }

    func write(to writer: inout ByteWriter) {
        writer.put(key)
        writer.put(ref)
        writer.put(platform)
        writer.put(image)
        writer.put(commit)
        writer.put(builder)
        writer.put(bases) { $0.put($1) { $0.put($1) } }
    }

    init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        self.init(
            key: try reader.key(), ref: try reader.ref(), platform: try reader.platform(), image: try reader.image(),
            commit: try reader.text(), builder: try reader.text(),
            bases: try reader.optional { (reader) throws(ByteReader.Malformed) in
                try reader.list { (reader) throws(ByteReader.Malformed) in try reader.image() }
            })
    }
}

extension RefRecord: CachedRecord {
    var name: ProcessorRef { ref }

    static func name(at path: String) -> ProcessorRef? { GitStateStore.ref(at: path) }

    func write(to writer: inout ByteWriter) {
        writer.put(ref)
        desired.write(to: &writer)
        writer.put(applied == desired)
        if applied != desired { writer.put(applied) { $1.write(to: &$0) } }
        writer.put(binding) { writer, binding in
            writer.put(binding.name)
            writer.put(binding.platform)
            writer.put(binding.imageID)
            writer.put(binding.function) { $0.put($1) }
            writer.put(binding.version) { $0.put(signed: $1) }
        }
        writer.put(evidence) { writer, evidence in
            writer.put(evidence.digest)
            writer.put(evidence.platform)
            writer.put(evidence.specHash)
            writer.put(evidence.adapter)
            writer.put(evidence.mode)
            writer.put(evidence.transport.rawValue)
            writer.put(evidence.testedAt) { $0.put(signed: $1) }
        }
        writer.put(hold) { writer, hold in
            hold.from.write(to: &writer)
            writer.put(hold.by)
            writer.put(signed: hold.since)
            writer.put(hold.reason) { $0.put($1) }
        }
        writer.put(adoption) { writer, adoption in
            writer.put(adoption.by)
            writer.put(signed: adoption.since)
        }
    }

    init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        let ref = try reader.ref()
        let desired = try Revision(from: &reader)
        let isApplied = try reader.bool()
        let applied =
            isApplied
            ? desired
            : try reader.optional { (reader) throws(ByteReader.Malformed) in try Revision(from: &reader) }
        let binding = try reader.optional { (reader) throws(ByteReader.Malformed) in
            Binding(
                name: try reader.text(), platform: try reader.platform(), imageID: try reader.text(),
                function: try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.text() },
                version: try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.signed() })
        }
        let evidence = try reader.list { (reader) throws(ByteReader.Malformed) in try reader.evidence() }
        let hold = try reader.optional { (reader) throws(ByteReader.Malformed) in
            Hold(
                from: try Revision(from: &reader), by: try reader.text(), since: try reader.signed(),
                reason: try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.text() })
        }
        let adoption = try reader.optional { (reader) throws(ByteReader.Malformed) in
            Adoption(by: try reader.text(), since: try reader.signed())
        }
        self.init(
            ref: ref, desired: desired, applied: applied, binding: binding, evidence: evidence, hold: hold,
            adoption: adoption)
    }
}

extension RefRecord.Revision {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.put(commit)
        writer.put(specHash)
        writer.put(pins) { $0.put($1) }
        writer.put(keys) { $0.put($1) }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        self.init(
            commit: try reader.text(), specHash: try reader.text(),
            pins: try reader.platforms { (reader) throws(ByteReader.Malformed) in try reader.image() },
            keys: try reader.platforms { (reader) throws(ByteReader.Malformed) in try reader.key() })
    }
}

extension ByteWriter {
    fileprivate mutating func put(signed number: Int) { put(bits: UInt64(bitPattern: Int64(number))) }
}

extension ByteReader {
    fileprivate mutating func signed() throws(Malformed) -> Int { Int(Int64(bitPattern: try bits())) }

    fileprivate mutating func evidence() throws(Malformed) -> Evidence {
        let (digest, platform, specHash) = (try digest(), try platform(), try text())
        let (adapter, mode) = (try text(), try text())
        guard let transport = ProcessorAPI.Transport(rawValue: try text()) else { throw Malformed() }
        return Evidence(
            digest: digest, platform: platform, specHash: specHash, adapter: adapter, mode: mode, transport: transport,
            testedAt: try optional { (reader) throws(Malformed) in try reader.signed() })
    }
}
