import DeploymentModel
import FoundationEssentials
import JSON

/// What has to hold of the outputs of a run before they are believed (contract "Registry files", predicates).
struct SuccessPredicates: Sendable {
    private static let jsonLimit: Int64 = 64 << 20

    private let registry: RunnableRegistry
    private let prefix: WritePrefix
    private let envelope: Envelope
    private let received: ReceivedArtifacts?
    private let claimsSuffice: Bool
    private let world: any ArtifactStore

    init(_ run: AdmittedRun, envelope: Envelope, _ answer: RunAnswer, in world: any ArtifactStore) {
        registry = run.registry
        prefix = run.invocation.writePrefix
        self.envelope = envelope
        received = answer.received
        claimsSuffice = answer.claimsSuffice
        self.world = world
    }

    /// - Returns: which of them were left out, because they judge bytes where claims have to do.
    /// - Throws: `Failure` with `ERR_PREDICATE` for one that does not hold, and for one that can't be evaluated, which is
    ///   never taken for false.
    func evaluate(_ predicates: [PredicateSpec]) async throws(Failure) -> [String] {
        var unjudged: [String] = []
        for predicate in predicates {
            let path = try path(try predicate.text("path"), of: predicate)
            guard let file = try await file(at: path) else {
                throw Self.fails(predicate, "\(path) is not there")
            }
            switch predicate.id.name {
            case "artifact.exists": break
            case "file.size_gt":
                let least = try predicate.count("min_bytes")
                if isOnlyClaimed(file), file.size == nil {
                    unjudged.append(Self.unjudged(predicate, "the size of \(path) is not known"))
                    continue
                }
                guard let size = file.size else {
                    throw Failure(.predicate, "\(predicate.id) can't be evaluated: the size of \(path) is not known")
                }
                guard size > least else {
                    throw Self.fails(predicate, "\(path) has \(size) bytes, not more than \(least)")
                }
            case "json.schema_ok":
                if isOnlyClaimed(file) {
                    unjudged.append(Self.unjudged(predicate, "the bytes of \(path) can't be reached"))
                } else {
                    try judge(file, path, predicate)
                }
            default: throw Failure(.predicate, "\(predicate.id) is no predicate of success")
            }
        }
        return unjudged
    }

    /// Claims that a file is an output that nobody here can look into.
    private func isOnlyClaimed(_ contents: Contents) -> Bool { claimsSuffice && contents.file == nil }

    private static func unjudged(_ predicate: PredicateSpec, _ why: String) -> String {
        "\(predicate.id) was not evaluated: \(why)"
    }

    private struct Contents {
        /// Where the bytes are; `nil` where they can't be reached.
        let file: String?
        let size: Int64?
    }

    /// What an output of this run, or an artifact that was there before, holds.
    private func file(at path: WorldPath) async throws(Failure) -> Contents? {
        if let output = envelope.outputs.first(where: { $0.path == path }) {
            let own = received?.outputs.first { (try? prefix.path(of: $0.key)) == path }?.value
            // A processor that could have uploaded it and did not: what it says of it is worth nothing here.
            if received != nil, own == nil { return nil }
            return Contents(file: own?.file, size: own?.sizeBytes ?? output.sizeBytes)
        }
        guard let known = try await world.artifact(at: path) else { return nil }
        return Contents(file: known.file, size: known.sizeBytes)
    }

    private func judge(_ contents: Contents, _ path: WorldPath, _ predicate: PredicateSpec) throws(Failure) {
        func impossible(_ why: String) -> Failure {
            Failure(.predicate, "\(predicate.id) can't be evaluated: \(why)")
        }
        let id = try predicate.text("schema_ref")
        guard let document = (try? SpecID(id)).flatMap({ registry.schemas[$0] }) else {
            throw impossible("the registry has no schema \(id)")
        }
        guard let file = contents.file else { throw impossible("the bytes of \(path) can't be reached") }
        guard contents.size ?? 0 <= Self.jsonLimit, let data = FileManager.default.contents(atPath: file) else {
            throw impossible("\(path) can't be read")
        }
        let schema: JSONSchema
        do throws(JSONSchemaError) {
            schema = try JSONSchema(
                document, baseURI: SchemaReference.baseOfSpecs, resources: { registry.schema(at: $0) })
        } catch { throw impossible("\(id) is no JSON Schema: \(error)") }
        guard let value = try? JSONValue(parsing: Array(data)) else {
            throw Self.fails(predicate, "\(path) is no JSON")
        }
        let violations = schema.validate(value)
        guard violations.isEmpty else {
            throw Failure(
                .predicate, "\(predicate.id) does not hold: \(path) does not fit \(id): \(violations[0])",
                detail: violations.map(\.description).joined(separator: "\n"))
        }
    }

    /// A path as a predicate names it: `${outputs.<name>_path}`, relative to the write prefix, or a world path.
    private func path(_ text: String, of predicate: PredicateSpec) throws(Failure) -> WorldPath {
        guard text.hasPrefix("${"), text.hasSuffix("}") else {
            let expanded = text.replacing("{execution_id}", with: envelope.executionID.description)
            return text.hasPrefix("/") ? try WorldPath(expanded) : try prefix.path(of: expanded)
        }
        let key = text.dropFirst(2).dropLast()
        guard key.hasPrefix("outputs.") else {
            throw Failure(.predicate, "\(predicate.id) can't be evaluated: '\(text)' stands for nothing")
        }
        let name = String(key.dropFirst("outputs.".count))
        let found = envelope.outputs.filter { OutputName.all(of: $0.path, below: prefix).contains(name) }
        guard let output = found.first else {
            throw Self.fails(predicate, "no output of the run is called '\(name)'")
        }
        guard found.count == 1 else {
            let paths = found.map(\.path.text).joined(separator: ", ")
            throw Failure(.predicate, "\(predicate.id) can't be evaluated: '\(name)' may be \(paths)")
        }
        return output.path
    }

    private static func fails(_ predicate: PredicateSpec, _ why: String) -> Failure {
        Failure(.predicate, "\(predicate.id) does not hold: \(why)")
    }
}

/// What predicates call an output: `text/response.txt` is `response_path`, `text_path` and `text_response_path`, each also
/// without `_path`.
enum OutputName {
    static func all(of path: WorldPath, below prefix: WritePrefix) -> Set<String> {
        let relative = prefix.contains(path) ? String(path.text.dropFirst(prefix.text.count)) : path.text
        var segments = relative.split(separator: "/").map(String.init)
        guard let last = segments.popLast() else { return [] }
        let stem = last.split(separator: ".", maxSplits: 1).first.map(String.init) ?? last
        var names: Set = [plain(stem), plain((segments + [stem]).joined(separator: "_"))]
        if let first = segments.first { names.insert(plain(first)) }
        return names.union(names.map { $0 + "_path" })
    }

    private static func plain(_ text: String) -> String {
        String(text.map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }
}
