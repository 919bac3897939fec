package import DeploymentModel
package import Git
import JSON
import YAML

/// Published versions stay as they are in what callers rely on (contract "Registry files").
package struct ImmutabilityCheck: Sendable {
    /// A version that has been deployed to `staging` or `main`.
    package struct Publication: Hashable, Sendable {
        package let ref: ProcessorRef
        package let environment: String
        /// The commit whose spec was deployed.
        package let commit: String

        package init(ref: ProcessorRef, environment: String, commit: String) {
            self.ref = ref
            self.environment = environment
            self.commit = commit
        }
    }

    private let commit: ObjectID
    /// A policy of the registry lets nothing change.
    private let isStrict: Bool
    /// Where the specs are now.
    private let paths: [ProcessorRef: String]
    private let repository: GitRepository

    package init(_ catalog: Catalog, in repository: GitRepository) {
        self.init(
            at: catalog.commit.id,
            isStrict: catalog.supports.contains {
                $0.kind == .policy && $0.json["immutable"]?.stringValue == "all"
            }, paths: Dictionary(catalog.processors.map { ($0.ref, $0.path) }) { first, _ in first }, in: repository)
    }

    init(at commit: ObjectID, isStrict: Bool, paths: [ProcessorRef: String], in repository: GitRepository) {
        self.commit = commit
        self.isStrict = isStrict
        self.paths = paths
        self.repository = repository
    }

    /// What changed of published versions that must not, with the field and the commit that published it.
    ///
    /// - Throws: `GitError` when the published commits cannot be read.
    package func findings(_ publications: [Publication]) async throws(GitError) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for publication in publications.sorted(by: { ($0.ref, $0.environment) < ($1.ref, $1.environment) }) {
            guard let path = paths[publication.ref], let (published, spec) = try await change(publication, path)
            else { continue }
            let version = publication.ref.version + 1
            for (field, what) in Self.mutations(from: published, to: spec, isStrict: isStrict) {
                let span =
                    spec.places[field.split(separator: ".").first.map(String.init) ?? field] ?? spec.places["ref"]
                diagnostics.append(
                    Diagnostic(
                        .error, .versionMutated,
                        "\(what) since \(publication.ref) was published to \(publication.environment) "
                            + "from \(publication.commit.prefix(7))", file: spec.path, at: span,
                        fix: "take the change back, or publish it as version \(version)"))
            }
        }
        return diagnostics
    }

    /// The spec as it was published, wherever its file lay then, and as it is; `nil` when both are the same.
    private func change(
        _ publication: Publication, _ path: String
    ) async throws(GitError) -> (published: ProcessorSpec, now: ProcessorSpec)? {
        guard let id = ObjectID(publication.commit), let now = try await repository.file(at: path, in: commit) else {
            return nil
        }
        let then = try await repository.file(at: path, in: id)
        // Most files have not changed at all.
        guard then?.id != now.id, let spec = try await spec(now) else { return nil }
        if let then, let published = try await self.spec(then), published.ref == publication.ref {
            return (published, spec)
        }
        let old = try await Catalog(of: repository.commit(at: publication.commit), in: repository)
        return old.processors.first { $0.ref == publication.ref }.map { ($0, spec) }
    }

    private func spec(_ entry: TreeEntry) async throws(GitError) -> ProcessorSpec? {
        let document = try? YAMLDocument(try await repository.blob(entry.id))
        var reader = ProcessorSpecReader(file: entry.path)
        return document?.root.flatMap { reader.read($0) }
    }

    /// The fields that changed, each with a clause that says how.
    private static func mutations(
        from old: ProcessorSpec, to new: ProcessorSpec, isStrict: Bool
    ) -> [(field: String, what: String)] {
        var found: [(String, String)] = []
        if old.api.contract != new.api.contract { found.append(("api", "'api' changed")) }
        if old.inputs != new.inputs { found.append(("inputs", "'inputs' changed")) }
        if old.outputs != new.outputs { found.append(("outputs", "'outputs' changed")) }
        if old.predicates != new.predicates { found.append(("predicates", "'predicates' changed")) }
        let added = new.secrets.required.filter { !old.secrets.required.contains($0) }
        if !added.isEmpty {
            found.append(("secrets.required", "'secrets.required' asks for \(added.joined(separator: ", "))"))
        }
        if isStrict, found.isEmpty, (try? old.specHash()) != (try? new.specHash()) {
            found.append(("ref", "the spec changed (the policy says 'immutable: all')"))
        }
        return found
    }
}

extension ProcessorAPI {
    /// What callers see of it; the port inside the container is not theirs.
    fileprivate var contract: [String] { [transport.rawValue, runPath, healthPath] }
}
