import DeploymentModel

/// Holds the files of a registry against each other.
struct CrossChecks {
    /// What of one file matters to the others.
    struct Facts: Sendable {
        let path: String
        var ref: ProcessorRef?
        var support: Support?
        var references: [SpecReference] = []
        var lane: Lane?
        var environments: [Place] = []
    }

    struct Support: Hashable, Sendable {
        let kind: SupportSpec.Kind
        let id: SpecID
    }

    var diagnostics: [Diagnostic] = []

    /// - Parameter facts: of all files that can be read, in any order.
    init(_ facts: [Facts]) {
        checkCollisions(facts)
        checkIDs(facts)
        checkReferences(facts)
        checkLanes(facts)
    }

    /// Two refs that map to one function, app or repository would overwrite each other.
    private mutating func checkCollisions(_ facts: [Facts]) {
        // All those names are equal only where these bytes are.
        var groups: [[UInt8]: [(ref: ProcessorRef, path: String)]] = [:]
        for fact in facts {
            guard let ref = fact.ref else { continue }
            var key = Array(ref.namespace.utf8)
            key.append(UInt8(ascii: "_"))
            key += ref.name.utf8
            for index in key.indices where key[index] == UInt8(ascii: "-") { key[index] = UInt8(ascii: "_") }
            groups[key, default: []].append((ref, fact.path))
        }
        for group in groups.values where group.count > 1 {
            var owners: [String: (ref: ProcessorRef, path: String)] = [:]
            for spec in group.sorted(by: { $0.path < $1.path }) {
                let repository = "repository \(spec.ref.repositoryName)"
                let names = ["function \(spec.ref.functionName)", "name \(spec.ref.refSlug)", repository]
                let taken = names.first { name in
                    guard let owner = owners[name] else { return false }
                    // Versions of one processor share their repository.
                    let isSameProcessor =
                        owner.ref.namespace == spec.ref.namespace && owner.ref.name == spec.ref.name
                    return !(name == repository && isSameProcessor)
                }
                if let taken, let owner = owners[taken] {
                    diagnostics.append(
                        Diagnostic(
                            .error, .nameCollision,
                            "\(spec.ref) and \(owner.ref) in \(owner.path) share the \(taken)", file: spec.path,
                            fix: "rename one of the two, or give it another version"))
                }
                for name in names where owners[name] == nil { owners[name] = spec }
            }
        }
    }

    /// Two files with one id would stand for each other.
    private mutating func checkIDs(_ facts: [Facts]) {
        var owners: [Support: String] = [:]
        for fact in facts.filter({ $0.support != nil }).sorted(by: { $0.path < $1.path }) {
            guard let support = fact.support else { continue }
            guard let owner = owners[support] else {
                owners[support] = fact.path
                continue
            }
            diagnostics.append(
                Diagnostic(
                    .error, .nameCollision, "\(support.kind.noun) \(support.id) is in \(owner) already",
                    file: fact.path, fix: "give one of the two another id or version"))
        }
    }

    /// Specs that are named have to be there.
    private mutating func checkReferences(_ facts: [Facts]) {
        let known = Set(facts.compactMap(\.support))
        for fact in facts {
            for reference in fact.references
            where !known.contains(Support(kind: reference.kind, id: reference.id)) {
                let names = known.filter { $0.kind == reference.kind }.map(\.id.description)
                let near = nearest(to: reference.id.description, among: names)
                diagnostics.append(
                    Diagnostic(
                        .error, .spec, "there is no \(reference.kind.noun) \(reference.id) in the registry",
                        file: fact.path, at: reference.span,
                        fix: near.map { "did you mean '\($0)'?" }
                            ?? "add it below registry/\(reference.kind.rawValue)/"))
            }
        }
    }
}
