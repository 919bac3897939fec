import DeploymentModel
import JSON
import YAML

extension ProcessorSpecReader {
    mutating func predicates(_ root: inout Fields) -> PredicatesSpec {
        guard var fields = root.fields("predicates", &findings) else { return PredicatesSpec() }
        let admission = predicates(.admission, &fields)
        let success = predicates(.success, &fields)
        fields.reportUnknown(&findings)
        return PredicatesSpec(admission: admission, success: success)
    }

    private mutating func predicates(_ phase: PredicateSignature.Phase, _ fields: inout Fields) -> [PredicateSpec] {
        var specs: [PredicateSpec] = []
        for item in fields.sequence(phase.rawValue, &findings) ?? [] {
            guard var predicate = Fields(item, path: "predicates.\(phase.rawValue)[]", &findings) else { continue }
            let id = predicate.string("id", &findings)
            var arguments = predicate.fields("args", &findings)
            predicate.reportUnknown(&findings)
            guard let id else {
                findings.add(.error, .predicate, "a predicate has no 'id'", at: item)
                continue
            }
            guard let signature = PredicateSignature.all.first(where: { $0.id == id.text }) else {
                let known = nearest(to: id.text, among: PredicateSignature.all.map(\.id))
                findings.add(
                    .error, .predicate, "there is no predicate '\(id.text)'", at: id.node,
                    fix: known.map { "did you mean '\($0)'?" })
                continue
            }
            guard signature.phase == phase else {
                findings.add(
                    .error, .predicate, "'\(id.text)' belongs to predicates.\(signature.phase.rawValue)", at: id.node)
                continue
            }
            if let spec = check(signature, id.node, &arguments) { specs.append(spec) }
        }
        return specs
    }

    private mutating func check(
        _ signature: PredicateSignature, _ node: YAMLNode, _ fields: inout Fields?
    ) -> PredicateSpec? {
        var arguments: [String: JSONValue] = [:]
        for parameter in signature.parameters {
            guard let value = fields?.take(parameter.name), let json = value.json else {
                findings.add(
                    .error, .predicate, "'\(signature.id)' needs the argument '\(parameter.name)'",
                    at: fields?.node ?? node)
                continue
            }
            let fits =
                switch parameter.kind {
                case .text: json.stringValue != nil
                case .count: json.intValue.map { $0 >= 0 } ?? false
                }
            guard fits else {
                findings.add(
                    .error, .predicate, "'\(parameter.name)' of '\(signature.id)' should be \(parameter.kind.rawValue)",
                    at: value)
                continue
            }
            if parameter.name == "schema_ref", let text = json.stringValue { refer(to: text, .schema, value) }
            arguments[parameter.name] = json
        }
        fields?.reportUnknown(&findings)
        guard let id = try? SpecID(signature.id) else { return nil }
        return PredicateSpec(id: id, arguments: arguments)
    }
}

/// The predicates that Pinion evaluates, and what each needs to be told.
struct PredicateSignature {
    enum Phase: String { case admission, success }

    struct Parameter {
        enum Kind: String {
            case text = "a string"
            case count = "a whole number of at least 0"
        }

        let name: String
        let kind: Kind
    }

    let id: String
    let phase: Phase
    let parameters: [Parameter]

    static let all = [
        PredicateSignature(
            id: "budget.available@1", phase: .admission,
            parameters: [Parameter(name: "required_usd_micro", kind: .count)]),
        PredicateSignature(
            id: "secret.present@1", phase: .admission, parameters: [Parameter(name: "name", kind: .text)]),
        PredicateSignature(id: "image.pinned@1", phase: .admission, parameters: []),
        PredicateSignature(
            id: "lease.acquirable@1", phase: .admission, parameters: [Parameter(name: "path", kind: .text)]),
        PredicateSignature(
            id: "artifact.exists@1", phase: .success, parameters: [Parameter(name: "path", kind: .text)]),
        PredicateSignature(
            id: "json.schema_ok@1", phase: .success,
            parameters: [Parameter(name: "path", kind: .text), Parameter(name: "schema_ref", kind: .text)]),
        PredicateSignature(
            id: "file.size_gt@1", phase: .success,
            parameters: [Parameter(name: "path", kind: .text), Parameter(name: "min_bytes", kind: .count)]),
    ]
}
