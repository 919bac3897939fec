package import DeploymentModel
import YAML

/// An environment as `pipelines/environments.yaml` describes it.
package struct EnvironmentSpec: Hashable, Sendable {
    /// How the apps of an environment on Modal are named (contract "Refs and names").
    package enum AppNames: String, Hashable, Sendable, CaseIterable {
        /// `<branch>-<user>-<ref slug>`: everybody's own.
        case branchUser = "branch-user"
        /// `<ref slug>`.
        case ref
    }

    package let name: String
    package let target: Target
    /// The OCI registry, and the path in it, below which images are pushed: `ghcr.io/acme`.
    package let registry: String
    package let pins: PinMode
    /// The branch that is read; `nil` for the one that HEAD names.
    package let branch: String?
    /// The name that the environment has on Modal; empty where the target is another.
    package let modalEnvironment: String
    package let appNames: AppNames
    /// Whether apps that no spec asks for may be stopped.
    package let allowsPrune: Bool
    /// The environment whose revisions it takes over; then its record alone says what is wanted, and no branch.
    package let promotesFrom: String?
    /// What a revision has to show before it is promoted to here.
    package let gate: PromotionGate

    package init(
        name: String, target: Target = .docker, registry: String, pins: PinMode, branch: String? = nil,
        modalEnvironment: String? = nil, appNames: AppNames? = nil, allowsPrune: Bool = false,
        promotesFrom: String? = nil, gate: PromotionGate = PromotionGate()
    ) {
        self.promotesFrom = promotesFrom
        self.gate = gate
        self.name = name
        self.target = target
        self.registry = registry
        // What it wants is in its record, and so are the pins.
        self.pins = promotesFrom == nil ? pins : .record
        self.branch = branch
        self.modalEnvironment = target == .modal ? modalEnvironment ?? name : ""
        self.appNames = appNames ?? (name == "dev" ? .branchUser : .ref)
        self.allowsPrune = allowsPrune
    }

    package static let file = "pipelines/environments.yaml"

    /// The environment `local` where no file describes one: Docker on this host and an OCI registry on its loopback.
    package static let standardLocal = EnvironmentSpec(name: "local", registry: "127.0.0.1:5075", pins: .record)

    /// Reads all environments of the file.
    static func read(_ root: YAMLNode, _ findings: inout Findings) -> [EnvironmentSpec] {
        guard var fields = Fields(root, path: "", &findings) else { return [] }
        guard var environments = fields.fields("environments", &findings) else {
            findings.add(.error, "'environments' is missing", fix: "add 'environments:' and below it 'local:'")
            return []
        }
        fields.reportUnknown(&findings)
        let all = environments.all()
        let specs = all.compactMap { name, pair -> EnvironmentSpec? in
            guard var environment = Fields(pair.value, path: "environments.\(name)", &findings) else { return nil }
            if let (source, node) = environment.string("promotes_from", &findings) {
                let others = Set(all.map(\.name)).subtracting([name])
                if !others.contains(source) {
                    findings.add(
                        .error, "there is no other environment '\(source)' to promote from", at: node,
                        fix: nearest(to: source, among: others).map { "did you mean '\($0)'?" })
                }
            }
            return read(name, pair.key, &environment, &findings)
        }
        checkNames(specs, all, &findings)
        return specs
    }

    /// Two environments that give their apps the same names in one environment of Modal would deploy over each other.
    private static func checkNames(
        _ specs: [EnvironmentSpec], _ all: [(name: String, pair: YAMLPair)], _ findings: inout Findings
    ) {
        var owners: [String: String] = [:]
        for spec in specs where spec.target == .modal {
            let place = "\(spec.modalEnvironment) \(spec.appNames.rawValue)"
            guard let owner = owners[place] else {
                owners[place] = spec.name
                continue
            }
            findings.add(
                .error, .nameCollision,
                "'\(spec.name)' and '\(owner)' have the same names for apps in '\(spec.modalEnvironment)' of Modal",
                at: all.first { $0.name == spec.name }?.pair.key,
                fix: "give one of the two another modal_environment")
        }
    }

    private static func read(
        _ name: String, _ key: YAMLNode, _ fields: inout Fields, _ findings: inout Findings
    ) -> EnvironmentSpec {
        if !isName(name) {
            findings.add(
                .error, "'\(name)' is no name for an environment", at: key,
                fix: "use lower-case letters, digits, '-' and '_', a letter or digit first")
        }
        let target: Target = word("target", &fields, &findings) ?? .docker
        if target == .modal, name == "local" {
            findings.add(
                .error, "'local' is Docker on this host and nothing else", at: fields.take("target"),
                fix: "give the environment on Modal another name: dev, staging or main")
        }
        let spec = EnvironmentSpec(
            name: name, target: target, registry: registry(&fields, &findings) ?? standardLocal.registry,
            pins: word("pins", &fields, &findings) ?? (target == .modal ? .commit : .record),
            branch: fields.string("branch", &findings)?.text,
            modalEnvironment: fields.string("modal_environment", &findings)?.text,
            appNames: word("app_names", &fields, &findings), allowsPrune: fields.bool("prune", &findings) ?? false,
            promotesFrom: fields.string("promotes_from", &findings)?.text, gate: gate(&fields, &findings))
        if spec.promotesFrom != nil, let node = fields.take("branch") {
            findings.add(
                .error, "an environment that promotes has no branch: what it wants is in its record", at: node,
                fix: "remove 'branch'")
        }
        for name in ["modal_environment", "app_names", "prune"] where target != .modal {
            guard let node = fields.take(name) else { continue }
            findings.add(
                .error, "'\(fields.qualified(name))' is for environments on Modal", at: node,
                fix: "remove it, or write target: modal")
        }
        fields.reportUnknown(&findings)
        return spec
    }

    private static func gate(_ fields: inout Fields, _ findings: inout Findings) -> PromotionGate {
        var gate = PromotionGate()
        guard let place = fields.take("gates"), var gates = fields.fields("gates", &findings) else { return gate }
        if fields.take("promotes_from") == nil {
            findings.add(
                .error, "'\(fields.qualified("gates"))' is for environments with 'promotes_from'", at: place,
                fix: "remove it, or add promotes_from")
        }
        let proofs = gates.strings("evidence", &findings)
        for (text, node) in proofs where PromotionGate.Proof(text) == nil {
            findings.add(
                .error, "'\(text)' is no evidence", at: node,
                fix: "write modal/mock, local/mock or local/probe")
        }
        if !proofs.isEmpty { gate.evidence = proofs.compactMap { PromotionGate.Proof($0.text) } }
        if let (text, node) = gates.text("max_age", &findings) {
            gate.maxAgeSeconds = seconds(text)
            if gate.maxAgeSeconds == nil {
                findings.add(.error, "'\(text)' is no duration", at: node, fix: "for example 24h, 90m or 3d")
            }
        }
        gate.approvals = gates.integer("approvals", in: 0...100, &findings) ?? 0
        if let (path, _) = gates.string("allowed_signers", &findings) { gate.allowedSigners = path }
        gates.reportUnknown(&findings)
        return gate
    }

    /// `90s`, `5m`, `24h`, `3d`.
    private static func seconds(_ text: String) -> Int? {
        let units = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[String($0)] }), let count = Int(text.dropLast()),
            (1...100_000).contains(count)
        else { return nil }
        return count * unit
    }

    /// It is part of a reference's name, and of the names of files.
    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "_") else { return false }
        return text.utf8.count <= 64
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
    }

    /// One of a few words.
    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ fields: inout Fields, _ findings: inout Findings
    ) -> Word? {
        guard let (text, node) = fields.string(name, &findings) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        findings.add(
            .error, "'\(fields.qualified(name))' is '\(text)', it should be one of: \(words.joined(separator: ", "))",
            at: node, fix: nearest(to: text, among: words).map { "did you mean '\($0)'?" })
        return nil
    }

    private static func registry(_ fields: inout Fields, _ findings: inout Findings) -> String? {
        guard let (text, node) = fields.string("registry", &findings) else { return nil }
        do throws(GrammarError) {
            _ = try ImageReference("\(text)/repository")
            return text
        } catch {
            findings.add(
                .error, "'\(text)' is no OCI registry: \(error.rule)", at: node, fix: "for example ghcr.io/acme")
            return nil
        }
    }
}

extension EnvironmentSpec {
    /// Where the images of a processor go that names no repository itself.
    ///
    /// - Throws: `Failure` with `ERR_SPEC`.
    package func repository(for ref: ProcessorRef) throws(Failure) -> ImageReference {
        do throws(GrammarError) {
            return try ImageReference("\(registry)/\(ref.repositoryName)")
        } catch { throw Failure(.spec, error.description) }
    }
}
