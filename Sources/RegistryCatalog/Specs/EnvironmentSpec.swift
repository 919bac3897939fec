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

    package init(
        name: String, target: Target = .docker, registry: String, pins: PinMode, branch: String? = nil,
        modalEnvironment: String? = nil, appNames: AppNames? = nil, allowsPrune: Bool = false
    ) {
        self.name = name
        self.target = target
        self.registry = registry
        self.pins = pins
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
        return environments.all().compactMap { name, pair -> EnvironmentSpec? in
            guard var environment = Fields(pair.value, path: "environments.\(name)", &findings) else { return nil }
            return read(name, pair.key, &environment, &findings)
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
            appNames: word("app_names", &fields, &findings), allowsPrune: fields.bool("prune", &findings) ?? false)
        for name in ["modal_environment", "app_names", "prune"] where target != .modal {
            guard let node = fields.take(name) else { continue }
            findings.add(
                .error, "'\(fields.qualified(name))' is for environments on Modal", at: node,
                fix: "remove it, or write target: modal")
        }
        fields.reportUnknown(&findings)
        return spec
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
