import DeploymentModel
import JSON

/// What is in a registry, one line a spec.
struct IndexPage {
    let text: String

    init(_ registry: PagedRegistry) {
        var parts = ["# Registry"]
        if registry.processors.isEmpty && registry.supports.isEmpty { parts.append("There is no spec in it yet.") }
        if !registry.processors.isEmpty {
            let rows = registry.processors.map { Self.row($0, registry) }
            parts.append("## Processors")
            parts.append(Markdown.table(["Processor", "Name", "Protocol", "Pinned", "Deployed"], rows))
        }
        for kind in SupportSpec.Kind.allCases {
            let specs = registry.supports.filter { $0.kind == kind }
            guard !specs.isEmpty else { continue }
            parts.append("## \(kind.rawValue.capitalised)")
            parts.append(
                Markdown.table(
                    [kind.noun.capitalised, "Name"],
                    specs.map { spec in
                        [
                            Markdown.link(spec.id.description, PagePath.support(spec.kind, spec.id)),
                            Markdown.text(spec.title ?? spec.json["description"]?.stringValue ?? ""),
                        ]
                    }))
        }
        text = parts.joined(separator: "\n\n")
    }

    private static func row(_ spec: ProcessorSpec, _ registry: PagedRegistry) -> [String] {
        let pins = spec.image.pins.keys.sorted().map(\.rawValue)
        let environments = Set((registry.deployments[spec.ref] ?? []).map(\.environment)).sorted()
        let name = Markdown.text(spec.title ?? spec.summary ?? "")
        return [
            Markdown.link(spec.ref.description, PagePath.processor(spec.ref)),
            spec.isEnabled ? name : "\(name) (disabled)".trimmingSpaces,
            spec.api.transport.rawValue, pins.isEmpty ? "no" : pins.joined(separator: ", "),
            environments.map(Markdown.text).joined(separator: ", "),
        ]
    }
}

extension String {
    /// With its first letter in upper case.
    var capitalised: String { prefix(1).uppercased() + dropFirst() }

    fileprivate var trimmingSpaces: String { String(drop { $0 == " " }) }
}
