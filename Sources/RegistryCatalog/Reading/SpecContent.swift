import YAML

/// What kind of spec a file is by what it says, to hold against what its path says.
enum SpecContent {
    /// Fields that one kind of spec has and no other.
    private static let marks: [(kind: SupportSpec.Kind, fields: Set<String>)] = [
        (.tool, ["entry_point"]), (.prompt, ["template"]), (.policy, ["budget", "retry", "leases", "immutable"]),
        (.schema, ["schema"]),
    ]

    /// `processor`, `tool`, …; `nil` when the file does not say, or says several.
    static func noun(of root: YAMLNode) -> String? {
        let pairs = root.mapping ?? []
        let names = Set(pairs.compactMap { $0.key.scalar?.text })
        let reference = pairs.first { $0.key.scalar?.text == "ref" }?.value.scalar?.text
        if reference?.contains("/") == true { return "processor" }
        let kinds = marks.filter { !$0.fields.isDisjoint(with: names) }
        return names.contains("id") && kinds.count == 1 ? kinds.first?.kind.noun : nil
    }
}

extension SpecPath {
    /// What the path says of the spec's kind.
    var noun: String {
        switch self {
        case .processor: "processor"
        case .support(let kind): kind.noun
        case .lane: "lane"
        }
    }

    /// Where specs of a kind belong.
    static func home(of noun: String) -> String {
        let kind = SupportSpec.Kind.allCases.first { $0.noun == noun }
        return "registry/\(kind?.rawValue ?? "processors")/"
    }
}
