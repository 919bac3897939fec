package import DeploymentModel
package import Git
import JSON

/// The processors that a change concerns, and why.
///
/// One is concerned when its spec says something else (pins and comments don't count), when its build sees other inputs,
/// when a schema or prompt that it uses, or any policy, is another one, and when the environments or the lane itself are.
/// The cost is that of the change: a build is looked at only where a changed file can be part of it.
package struct ChangedProcessors: Sendable {
    /// Sorted by ref; each reason is a clause.
    package let reasons: [(ref: ProcessorRef, reason: String)]
    /// How many files the change touches.
    package let files: Int

    package var refs: Set<ProcessorRef> { Set(reasons.map(\.ref)) }

    /// - Parameters:
    ///   - base: what the change goes out from.
    ///   - catalog: of the commit that the change leads to.
    ///   - lane: the path of the lane's file.
    /// - Throws: `Failure` with `ERR_GIT` when git cannot be read.
    package init(
        from base: Commit, to catalog: Catalog, lane: String, in repository: GitRepository
    ) async throws(Failure) {
        let paths: [String]
        let before: Catalog
        do throws(GitError) {
            paths = try await repository.changedPaths(from: base.id, to: catalog.commit.id).map(\.path)
            // Most changes leave the registry's own files as they are.
            before =
                paths.contains(where: Catalog.reads)
                ? try await Catalog(of: base, in: repository) : catalog
        } catch { throw Failure(.git, error.message) }
        files = paths.count
        let enabled = catalog.processors.filter(\.isEnabled)
        guard !paths.isEmpty else {
            reasons = []
            return
        }
        let change = Change(before, catalog)
        let own = [EnvironmentSpec.file, lane].first { paths.contains($0) }
        if let reason = own.map({ "\($0) changed" }) ?? change.policyReason {
            reasons = enabled.map { ($0.ref, reason) }
            return
        }
        var reasons: [(ref: ProcessorRef, reason: String)] = []
        for spec in enabled {
            if let reason = change.reason(for: spec) {
                reasons.append((spec.ref, reason))
            } else if let reason = try await Self.buildReason(for: spec, paths, base, catalog, repository) {
                reasons.append((spec.ref, reason))
            }
        }
        self.reasons = reasons
    }

    /// Why the build of a spec, which is the same as before, sees other inputs now.
    private static func buildReason(
        for spec: ProcessorSpec, _ paths: [String], _ base: Commit, _ catalog: Catalog, _ repository: GitRepository
    ) async throws(Failure) -> String? {
        guard let build = spec.build, spec.image.track == nil else { return nil }
        guard let inputs = try? await BuildInputs(of: spec, build, at: catalog.commit.id, in: repository) else {
            // What can't be read is told by who validates; here it is one more to look at.
            return "its build can't be told"
        }
        let recipe = inputs.context.recipe
        // What is beside the Dockerfile may be its own ignore file.
        let path = paths.first { path in
            (path.hasPrefix(recipe.prefix) || path.hasPrefix(recipe.dockerfile)) && !SpecPath.isCatalogFile(path)
        }
        guard let path else { return nil }
        guard let before = try? await BuildInputs(of: spec, build, at: base.id, in: repository) else {
            return "\(path) changed"
        }
        guard inputs.keys != before.keys else { return nil }
        do throws(GitError) {
            let difference = try await InputKeyDifference(
                from: before.context, at: base.id, to: inputs.context, at: catalog.commit.id, spec: spec.path,
                in: repository)
            return difference.changes.first?.clause ?? "its build inputs changed"
        } catch { throw Failure(.git, error.message) }
    }
}

/// What of the specs is not as it was.
private struct Change {
    private let before: [ProcessorRef: ProcessorSpec]
    private let changed: [Support: String]
    private let supports: [Support: SupportSpec]
    let policyReason: String?

    private struct Support: Hashable {
        let kind: SupportSpec.Kind
        let id: SpecID
    }

    init(_ old: Catalog, _ new: Catalog) {
        before = Dictionary(old.processors.map { ($0.ref, $0) }) { first, _ in first }
        let known = Dictionary(old.supports.map { (Support(kind: $0.kind, id: $0.id), $0) }) { first, _ in first }
        supports = Dictionary(new.supports.map { (Support(kind: $0.kind, id: $0.id), $0) }) { first, _ in first }
        var changed: [Support: String] = [:]
        for (support, spec) in supports where known[support]?.json != spec.json { changed[support] = spec.path }
        for (support, spec) in known where supports[support] == nil { changed[support] = spec.path }
        self.changed = changed
        // Every plan and every run keeps to it.
        policyReason = changed.filter { $0.key.kind == .policy }.values.min().map { "\($0) changed" }
    }

    func reason(for spec: ProcessorSpec) -> String? {
        guard let old = before[spec.ref], old.isEnabled else { return "it is new" }
        if (try? old.specHash()) != (try? spec.specHash()) { return "its spec changed" }
        if old.path != spec.path { return "its spec moved from \(old.path)" }
        var seen: Set<Support> = []
        var waiting = Self.supports(spec.references, spec.json)
        while let support = waiting.popLast() {
            guard seen.insert(support).inserted else { continue }
            if let path = changed[support] { return "\(path) changed, which it uses" }
            if let next = supports[support] { waiting += Self.supports(next.references, next.json) }
        }
        return nil
    }
}

extension Change {
    /// What a spec names by id, and what its JSON Schemas refer to.
    private static func supports(_ references: [SpecReference], _ json: JSONValue) -> [Support] {
        var found = references.map { Support(kind: $0.kind, id: $0.id) }
        addSchemas(of: json, to: &found)
        return found
    }

    private static func addSchemas(of json: JSONValue, to found: inout [Support]) {
        for (name, value) in (json.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            if name == "$ref", let text = value.stringValue {
                let document = text.prefix { $0 != "#" }
                let id = SchemaReference.id(in: String(document)) ?? String(document)
                if let id = try? SpecID(id) { found.append(Support(kind: .schema, id: id)) }
            }
            addSchemas(of: value, to: &found)
        }
        for value in json.arrayValue ?? [] { addSchemas(of: value, to: &found) }
    }
}

extension InputKeyDifference.Change {
    /// What changed, in few words.
    fileprivate var clause: String {
        switch part {
        case .file(let path), .sight(let path): "\(path) \(kind.rawValue)"
        case .dockerfileLine(let path, let number): "\(path):\(number) \(kind.rawValue)"
        case .dockerfilePath: "it has another Dockerfile"
        case .argument(let name): "the build argument \(name) \(kind.rawValue)"
        case .target: "it has another build target"
        }
    }
}
