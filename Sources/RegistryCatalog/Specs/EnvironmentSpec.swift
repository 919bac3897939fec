package import DeploymentModel
import YAML

/// An environment as `pipelines/environments.yaml` describes it.
package struct EnvironmentSpec: Hashable, Sendable {
    package let name: String
    /// The OCI registry, and the path in it, below which images are pushed: `ghcr.io/acme`.
    package let registry: String
    package let pins: PinMode

    package init(name: String, registry: String, pins: PinMode) {
        self.name = name
        self.registry = registry
        self.pins = pins
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
            if let (target, node) = environment.string("target", &findings), target != "docker" {
                findings.add(.error, "the target '\(target)' is not known", at: node, fix: "write target: docker")
            }
            let registry = registry(&environment, &findings)
            var pins = PinMode.record
            if let (text, node) = environment.string("pins", &findings) {
                if let mode = PinMode(rawValue: text) {
                    pins = mode
                } else {
                    findings.add(.error, "pins are kept by commit, branch or record, not '\(text)'", at: node)
                }
            }
            environment.reportUnknown(&findings)
            return EnvironmentSpec(name: name, registry: registry ?? standardLocal.registry, pins: pins)
        }
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
