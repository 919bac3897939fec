import DeploymentModel
import Git
import JSON

/// Judges the files of one commit, and takes over what has been judged before.
struct Judge: Sendable {
    private let repository: GitRepository
    private let listing: TreeListing
    /// Earlier judgements by path and blob.
    private let known: [String: KnownJudgement]
    /// Of the registry's schemas, by id.
    private var blobs: [String: ObjectID] = [:]
    private var schemas: [String: JSONValue] = [:]
    /// How many files were read and parsed.
    private(set) var readFiles = 0
    private let tasks: Int

    init(_ listing: TreeListing, in repository: GitRepository, known: [String: KnownJudgement] = [:], tasks: Int = 2) {
        self.listing = listing
        self.repository = repository
        self.known = known
        self.tasks = tasks
    }

    /// The judgements of these files, by path. All schemas of the registry must be among the first that are asked for.
    mutating func judge(_ entries: [RegistryFiles.Entry]) async throws(GitError) -> [KnownJudgement] {
        try await learnSchemas(of: entries)
        var judged: [KnownJudgement] = []
        var unknown: [RegistryFiles.Entry] = []
        for entry in entries {
            if let earlier = known[entry.path], earlier.blob == entry.id, stands(earlier.judgement) {
                judged.append(earlier)
            } else {
                unknown.append(entry)
            }
        }
        guard !unknown.isEmpty else { return judged }
        readFiles += unknown.count
        let judge = self
        let fresh = try await repository.readFiles(unknown, tasks: tasks) { entry, content throws(GitError) in
            KnownJudgement(blob: entry.id, judgement: try await judge.judgement(of: entry, content))
        }
        return (judged + fresh).sorted { $0.judgement.path < $1.judgement.path }
    }

    /// Claims that everything that the judgement was founded on is the same here.
    private func stands(_ judgement: Judgement) -> Bool {
        judgement.grounds.schemas.allSatisfy { blobs[$0] == $1 }
            && judgement.grounds.places.allSatisfy { listing.mark(of: $0) == $1 }
    }

    /// Reads the schemas of the registry, which are few, so that they are there for whoever asks for them.
    private mutating func learnSchemas(of entries: [RegistryFiles.Entry]) async throws(GitError) {
        let own = entries.filter { $0.place == .support(.schema) }
        guard !own.isEmpty else { return }
        let read = try await repository.readFiles(own, tasks: tasks) { entry, content -> SupportSpec? in
            guard case .success(let bytes) = content,
                case .support(let spec) = SpecFile(entry.path, bytes, as: entry.place).content
            else { return nil }
            return spec
        }
        for (entry, spec) in zip(own, read) {
            guard let spec, blobs[spec.id.description] == nil else { continue }
            blobs[spec.id.description] = entry.id
            schemas[spec.id.description] = spec.json["schema"] ?? true
        }
    }

    private func judgement(
        of entry: RegistryFiles.Entry, _ content: Result<[UInt8], Diagnostic>
    ) async throws(GitError) -> Judgement {
        var judgement = Judgement(path: entry.path)
        let bytes: [UInt8]
        switch content {
        case .success(let all): bytes = all
        case .failure(let finding):
            judgement.diagnostics = [finding]
            return judgement
        }
        var file = SpecFile(entry.path, bytes, as: entry.place)
        let asked = AskedSchemas()
        file.checkSchemas { id in
            asked.ids.insert(id)
            return schemas[id]
        }
        judgement.diagnostics = file.findings.diagnostics
        for id in asked.ids { judgement.grounds.schemas[id] = .some(blobs[id]) }
        switch file.content {
        case .processor(let spec):
            judgement.references = spec.references
            judgement.processor = Judgement.Processor(ref: spec.ref, pins: spec.pinDiagnostics())
            if let build = try await BuildCheck(of: spec, in: listing, repository) {
                judgement.processor?.builds = build.diagnostics
                judgement.grounds.places = build.places
            }
        case .support(let spec):
            judgement.references = spec.references
            judgement.support = CrossChecks.Support(kind: spec.kind, id: spec.id)
            judgement.isStrict = spec.kind == .policy && spec.json["immutable"]?.stringValue == "all"
        case .environments(let all): judgement.environments = all.map { CrossChecks.Place($0) }
        case .lane(let lane): judgement.lane = CrossChecks.Lane(lane)
        case nil: break
        }
        return judgement
    }
}

/// A judgement with the blob that it is about.
struct KnownJudgement: Sendable, Hashable {
    let blob: ObjectID
    let judgement: Judgement
}

/// The ids that one file's schemas refer to.
private final class AskedSchemas {
    var ids: Set<String> = []
}
