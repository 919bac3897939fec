package import DeploymentModel
import FoundationEssentials
import Git
import YAML

extension Catalog {
    /// Claims that a change of this path may change the catalog.
    package static func reads(_ path: String) -> Bool {
        SpecPath(path) != nil || path == EnvironmentSpec.file || SpecPath.folder(in: path) != nil
    }

    /// Reads a registry out of its snapshot, whose file stands in for a repository.
    ///
    /// Findings have their places in that file. What a snapshot does not hold is not there: no environments, no sources of
    /// builds, and of the commit its id and time alone.
    ///
    /// - Parameters:
    ///   - bytes: the document that the snapshot was read from.
    ///   - file: its path, for findings.
    /// - Throws: `Failure` with `ERR_SPEC` for a document whose JSON the YAML reader, which knows places, cannot read.
    package init(of snapshot: RegistrySnapshot, bytes: [UInt8], file: String) throws(Failure) {
        let places = try SnapshotPlaces(bytes, file: file)
        guard let id = ObjectID(snapshot.commit),
            let time = try? Date(snapshot.createdAt, strategy: .iso8601)
        else {
            throw Failure(.spec, "\(file) is no snapshot: 'commit' or 'created_at' is none")
        }
        var reader = CatalogReader()
        for spec in places.specs { reader.read(spec.path, spec.source, as: spec.place) }
        reader.finish()
        commit = Commit(elsewhere: id, time: Int64(time.timeIntervalSince1970))
        processors = reader.processors.sorted { $0.ref < $1.ref }
        supports = reader.supports.sorted { $0.path < $1.path }
        environments = []
        lanes = []
        diagnostics = reader.diagnostics.map(places.placed).sorted()
        sources = [file: bytes]
        processorFiles = reader.processorFiles
    }
}

/// Where the specs of a snapshot stand in its file.
private struct SnapshotPlaces {
    struct Spec {
        /// `registry.json#/processors/llm~1litellm@1`: a JSON pointer behind the file's path.
        let path: String
        let place: SpecPath
        let source: [UInt8]
        let start: SourcePosition
    }

    let specs: [Spec]
    private let file: String
    private let starts: [String: SourcePosition]

    /// - Parameter bytes: JSON that has been read already, so its depth is bounded.
    init(_ bytes: [UInt8], file: String) throws(Failure) {
        var specs: [Spec] = []
        do throws(YAMLError) {
            let budget = YAMLBudget(bytes: .max, depth: .max, nodes: .max)
            for kind in try YAMLDocument(bytes, budget: budget).root?.mapping ?? [] {
                guard let folder = kind.key.scalar?.text, RegistrySnapshot.kinds.contains(folder) else { continue }
                for pair in kind.value.mapping ?? [] {
                    guard let name = pair.key.scalar?.text else { continue }
                    let span = pair.value.span
                    let pointer = name.replacing("~", with: "~0").replacing("/", with: "~1")
                    specs.append(
                        Spec(
                            path: "\(file)#/\(folder)/\(pointer)", place: Self.place(folder, name),
                            source: Array(bytes[span.start.offset..<span.end.offset]), start: span.start))
                }
            }
        } catch {
            throw Failure(
                .spec, "\(file) cannot be read: \(error)", remedy: "Write it again with: pinion snapshot -o \(file)")
        }
        self.specs = specs
        self.file = file
        starts = Dictionary(specs.map { ($0.path, $0.start) }) { first, _ in first }
    }

    private static func place(_ folder: String, _ name: String) -> SpecPath {
        if let kind = SupportSpec.Kind(rawValue: folder) { return .support(kind) }
        let ref = try? ProcessorRef(name)
        return .processor(slug: ref?.slug ?? name, version: ref?.version)
    }

    /// The finding at its place in the snapshot's file.
    func placed(_ finding: Diagnostic) -> Diagnostic {
        guard let start = starts[finding.file] else { return finding }
        let line = finding.line ?? 1
        return Diagnostic(
            finding.severity, finding.code, finding.message, file: file, line: start.line + line - 1,
            column: line == 1 ? start.column + (finding.column ?? 1) - 1 : finding.column, length: finding.length,
            fix: finding.fix, hidesSource: finding.hidesSource)
    }
}
