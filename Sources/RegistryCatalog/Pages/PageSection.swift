import DeploymentModel
import JSON

/// Parts that pages of several kinds have.
enum PageSection {
    /// Names and values, as a table without heads.
    static func facts(_ facts: [(String, String)]) -> String {
        Markdown.table(["", ""], facts.map { [$0.0, $0.1] })
    }

    static func secrets(_ secrets: SecretNames) -> String {
        let rows =
            secrets.required.map { [Markdown.code($0), "yes"] } + secrets.optional.map { [Markdown.code($0), ""] }
        return rows.isEmpty ? "None." : Markdown.table(["Name", "Required"], rows)
    }

    /// What has to hold before and after a run; nothing where nothing has to.
    static func predicates(_ predicates: PredicatesSpec, _ registry: PagedRegistry) -> [String] {
        let phases = [("before a run", predicates.admission), ("after it", predicates.success)]
        let rows = phases.flatMap { phase, specs in
            specs.map { spec in
                let arguments = spec.arguments.sorted { $0.key < $1.key }.map { name, value in
                    name == "schema_ref"
                        ? "\(Markdown.code(name)): \(registry.link(.schema, value.stringValue ?? ""))"
                        : Markdown.code("\(name): \(value.stringValue ?? value.compact)")
                }
                return [phase, Markdown.code(spec.id.description), arguments.joined(separator: ", ")]
            }
        }
        return rows.isEmpty ? [] : ["## Predicates", Markdown.table(["Holds", "Predicate", "Arguments"], rows)]
    }

    /// `0.5`, `2`.
    static func number(_ value: Double) -> String { JSONValue.number(value).compact }

    /// In the largest binary unit that divides the size.
    static func size(_ bytes: Int) -> String {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        guard bytes > 0, let (unit, name) = units.first(where: { bytes.isMultiple(of: $0.0) }) else {
            return "\(bytes) bytes"
        }
        return "\(bytes / unit) \(name)"
    }
}
