package import ContentCache
package import DeploymentModel
import FoundationEssentials
package import Git

/// Keeps records as JSON files on references of a git repository (contract "Environments, records and leases").
///
/// `refs/pinion/builds` holds a folder per input key, fanned out by its first two digits, and in it a file per image
/// repository; `refs/pinion/env/<env>` holds one file per ref or, where every branch and user has an app of it, one per app.
/// Every write is a commit made by compare-and-swap, so that no update is lost.
package struct GitStateStore: StateStore {
    static let buildsReference = "refs/pinion/builds"
    private static let attempts = 64

    let references: SharedReferences
    private let authorship: Authorship
    /// The app that a ref has here, where every branch and user has one of its own.
    let app: (@Sendable (ProcessorRef) -> String)?
    let time: @Sendable () -> Int64
    private let cache: CacheFolder?
    private let seen: SeenRecords

    var repository: GitRepository { references.repository }

    /// - Parameters:
    ///   - references: where the records are. Those of the environment `local` are this host's alone and stay in the
    ///     repository on it.
    ///   - app: the app that a ref has, where each app has a record of its own: those of others are neither read nor written.
    ///     Without it those by app are not read at all.
    ///   - cache: spares reading records that an earlier run has read; those by app are read each time.
    ///   - seen: what this run has read, to be shared with its other stores of the same apps.
    ///   - time: the seconds since 1970 that commits are dated with.
    package init(
        _ references: SharedReferences, as authorship: Authorship, app: (@Sendable (ProcessorRef) -> String)? = nil,
        cache: CacheFolder? = nil, seen: SeenRecords = SeenRecords(), time: @escaping @Sendable () -> Int64
    ) {
        self.cache = cache
        self.seen = seen
        self.references = references
        self.authorship = authorship
        self.app = app
        self.time = time
    }

    /// For reading alone: as an unnamed writer.
    package init(reading repository: GitRepository, app: (@Sendable (ProcessorRef) -> String)? = nil) {
        let nobody = Authorship(Identity(name: "Pinion", email: "pinion@localhost"))
        self.init(SharedReferences(of: repository), as: nobody, app: app) { 0 }
    }

    /// The reference that holds an environment's records.
    package static func reference(of environment: String) -> String { "refs/pinion/env/\(environment)" }

    /// The environments that have records, sorted, described anywhere or not.
    package func environments() async throws(Failure) -> [String] {
        try await Self.failing {
            let folder = Self.reference(of: "")
            return try await repository.references(under: String(folder.dropLast())).map {
                String($0.dropFirst(folder.count))
            }
        }
    }

    package func builds(_ ids: [BuildRecord.ID]) async throws(Failure) -> [BuildRecord.ID: BuildRecord] {
        try await Self.failing {
            guard let tip = try await repository.target(of: Self.buildsReference) else { return [:] }
            var earlier: KnownRecords<BuildRecord>?
            if let cache { earlier = await seen.knownBuilds(of: repository, in: cache) }
            let carried = await earlier?.carried(to: tip, in: repository)
            var records = carried?.records ?? [:]
            let unknown = ids.filter { records[$0] == nil }
            var read = 0
            for (id, file) in zip(unknown, try await repository.files(at: unknown.map(Self.path), in: tip)) {
                guard let file else { continue }
                records[id] = try Self.decode(file.bytes, of: file.entry) as BuildRecord
                read += 1
            }
            if carried == nil || read > CacheFolder.fewReadAgain {
                // Of those that nobody asked for now, some are of other environments, and more and more are of the past.
                let wanted = Set(ids)
                let isOverfull = records.count > 4 * records.keys.count(where: wanted.contains)
                keep(
                    KnownRecords(tip: tip, records: isOverfull ? records.filter { wanted.contains($0.key) } : records),
                    of: Self.buildsReference)
            }
            return records
        }
    }

    package func keep(_ build: BuildRecord, replacing replaced: ImageReference?) async throws(Failure) -> BuildRecord {
        try await Self.failing {
            let path = Self.path(of: build.id)
            return try await retrying(Self.buildsReference) { tip in
                if let tip, let entry = try await repository.file(at: path, in: tip) {
                    let kept: BuildRecord = try await decode(entry)
                    // The first writer wins, but for an image that is to give way.
                    if kept.image != replaced { return (kept, []) }
                }
                return (build, [.write(path: path, content: try Self.encode(build))])
            } message: {
                "build: \(build.ref) \(build.platform.oci)\n\nPinion-Ref: \(build.ref)\nPinion-Input-Key: \(build.key)\n"
            }.value
        }
    }

    package func records(of environment: String) async throws(Failure) -> [ProcessorRef: RefRecord] {
        try await Self.failing {
            let reference = Self.reference(of: environment)
            guard let tip = try await repository.target(of: reference) else { return [:] }
            if let seen = seen.records(of: reference, at: tip) { return seen }
            // Whose a record by app is, its place alone does not tell.
            let found = try await app == nil ? sharedRecords(of: reference, at: tip) : ownRecords(at: tip)
            seen.keep(found, of: reference, at: tip)
            return found
        }
    }

    /// The records of refs that have one each.
    private func sharedRecords(of reference: String, at tip: ObjectID) async throws -> [ProcessorRef: RefRecord] {
        var earlier: KnownRecords<RefRecord>?
        if let cache { earlier = await seen.known(of: reference, of: repository, in: cache) }
        if let (carried, changed) = await earlier?.carried(to: tip, in: repository) {
            var records = carried
            for case let file? in try await repository.files(at: changed.filter { Self.ref(at: $0) != nil }, in: tip) {
                let record: RefRecord = try Self.decode(file.bytes, of: file.entry)
                records[record.ref] = record
            }
            if changed.count > CacheFolder.fewReadAgain {
                keep(KnownRecords(tip: tip, records: records), of: reference)
            }
            return records
        }
        let all = try await records(at: tip) { Self.ref(at: $0) != nil }
        let records = Dictionary(all.map { ($0.record.ref, $0.record) }) { first, _ in first }
        keep(KnownRecords(tip: tip, records: records), of: reference)
        return records
    }

    /// The records of the apps that refs have here; where a ref has none of its own yet, the one by ref alone if it is of
    /// that app.
    private func ownRecords(at tip: ObjectID) async throws -> [ProcessorRef: RefRecord] {
        var found: [ProcessorRef: RefRecord] = [:]
        for (path, record) in try await records(at: tip, where: isOwn).sorted(by: { $0.path < $1.path }) {
            let isShared = path == Self.path(of: record.ref)
            guard !isShared || (isOfApp(record) && found[record.ref] == nil) else { continue }
            found[record.ref] = record
        }
        return found
    }

    private func records(
        at tip: ObjectID, where isWanted: (String) -> Bool
    ) async throws -> [(path: String, record: RefRecord)] {
        let entries = try await repository.files(at: tip, under: "processors").filter { isWanted($0.path) }
        return try zip(entries, try await repository.blobs(entries.map(\.id)[...], budget: .max)).map {
            ($0.path, try Self.decode($1, of: $0))
        }
    }

    private func keep<Record>(_ known: KnownRecords<Record>, of reference: String) {
        if let cache { known.store(of: reference, of: repository, in: cache) }
    }

    package func write(
        _ records: [RefRecord], environment: String, message: String, under lease: Lease?, releasing isLast: Bool
    ) async throws(Failure) -> String? {
        try await Self.failing {
            let (changed, commit) = try await retrying(Self.reference(of: environment)) { tip in
                var changes: [TreeChange] = []
                for record in records {
                    let path = place(of: record.ref)
                    if let tip, let entry = try await repository.file(at: path, in: tip) {
                        let old: RefRecord = try await decode(entry)
                        guard record.changes(old) else { continue }
                    }
                    let shared = Self.path(of: record.ref)
                    if path != shared, let tip, let entry = try await repository.file(at: shared, in: tip),
                        isOfApp(try await decode(entry))
                    {
                        changes.append(.remove(path: shared))
                    }
                    changes.append(.write(path: path, content: try Self.encode(record)))
                }
                let changed = !changes.isEmpty
                if let lease {
                    let leases = try await leases(of: environment, at: tip)
                    try leases.check(lease)
                    if isLast, let over = leases.released(lease, at: Int(time())) {
                        changes.append(try Self.change(over))
                    }
                }
                return (changed, changes)
            } message: {
                message
            }
            return changed ? commit?.hex : nil
        }
    }

    /// Reads the tip, makes changes out of it and commits them, again and again while others are faster.
    func retrying<Value: Sendable>(
        _ reference: String, _ change: (ObjectID?) async throws -> (Value, [TreeChange]), message: () -> String
    ) async throws -> (value: Value, commit: ObjectID?) {
        let isOwn = reference == Self.reference(of: "local")
        let references = isOwn ? SharedReferences(of: repository) : references
        for _ in 1..<Self.attempts {
            let tip = try await references.target(of: reference)
            let (value, changes) = try await change(tip)
            guard !changes.isEmpty else { return (value, nil) }
            do throws(GitError) {
                let commit = try await references.commit(
                    changes, onto: tip, moving: reference, message: message(), as: authorship, time: time())
                return (value, commit)
            } catch {
                guard error.kind == .conflict else { throw error }
                // At times of their own, or the same ones would meet again.
                try await Task.sleep(for: .milliseconds(Int.random(in: 1...(references.isRemote ? 250 : 25))))
                try await references.refresh()
            }
        }
        throw Failure(.git, "\(reference) moved \(Self.attempts) times while it was written", remedy: "Run it again.")
    }

    func decode<Record: Decodable>(_ entry: TreeEntry) async throws -> Record {
        try Self.decode(try await repository.blob(entry.id), of: entry)
    }

    static func decode<Record: Decodable>(_ bytes: [UInt8], of entry: TreeEntry) throws -> Record {
        do {
            return try JSONDecoder().decode(Record.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw Failure(.git, "the record \(entry.path) cannot be read: \(error)", remedy: "Is it of a newer Pinion?")
        }
    }

    static func encode(_ record: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try Array(encoder.encode(record)) + [UInt8(ascii: "\n")]
    }

    static func failing<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws(Failure) -> Value {
        do {
            return try await body()
        } catch let failure as Failure {
            throw failure
        } catch let error as GitError {
            throw Failure(error)
        } catch { throw Failure(.git, "the records cannot be read or written: \(error)") }
    }
}
