/// A compiled schema: every schema that can be reached from the root, numbered, with its references followed.
struct SchemaProgram: Sendable {
    /// The number of a schema in `nodes`.
    typealias Reference = Int

    var nodes: [SchemaNode] = []
    var root: Reference = 0
    /// The schemas that `$dynamicRef` may find, by resource and name.
    var dynamicAnchors: [[String: Reference]] = []
    /// Whether the resources that a judgement goes through matter at all.
    var hasDynamicReferences = false
}

/// One schema.
struct SchemaNode: Sendable {
    var document: String?
    var pointer: JSONPointer
    /// The keyword that holds it, which is what `false` is reported under.
    var keyword: String
    var resource: Int
    /// Set for the schemas `true` and `false`, which have no rules.
    var verdict: Bool?
    var rules: [(keyword: String, rule: SchemaRule)] = []
    /// Whether a rule wants to know what the others have looked at.
    var hasUnevaluated = false
}

/// What a keyword, or keywords that work together, ask of a value.
///
/// Indirect: it is copied for every value that is judged, and a reference is copied faster than its widest case.
indirect enum SchemaRule: Sendable {
    case type(JSONTypes)
    case constant(JSONValue)
    case enumeration([JSONValue], set: Set<JSONValue>)
    case multiple(of: JSONValue, JSONDecimal)
    case range(SchemaRange, JSONValue)
    case length(SchemaLimit)
    case pattern(SchemaPattern)
    case format(SchemaFormat)

    case itemCount(SchemaLimit)
    case uniqueItems
    case prefixItems([SchemaProgram.Reference])
    case items(SchemaProgram.Reference, from: Int)
    case contains(SchemaSearch)

    case memberCount(SchemaLimit)
    case required([String])
    case dependentRequired([(name: String, names: [String])])
    case members(SchemaMembers)
    case names(SchemaProgram.Reference)

    case all([SchemaProgram.Reference])
    case any([SchemaProgram.Reference])
    case one([SchemaProgram.Reference])
    case not(SchemaProgram.Reference)
    case condition(SchemaProgram.Reference, then: SchemaProgram.Reference?, else: SchemaProgram.Reference?)
    case dependentSchemas([(name: String, schema: SchemaProgram.Reference)])
    case reference(SchemaProgram.Reference)
    case dynamicReference(SchemaProgram.Reference, anchor: String)

    case unevaluatedItems(SchemaProgram.Reference)
    case unevaluatedMembers(SchemaProgram.Reference)
}

/// `properties`, `patternProperties` and `additionalProperties`, which share out the members of an object.
struct SchemaMembers: Sendable {
    var named: [String: SchemaProgram.Reference] = [:]
    var matching: [(pattern: SchemaPattern, schema: SchemaProgram.Reference)] = []
    var others: SchemaProgram.Reference?
}

/// `contains` with its counts.
struct SchemaSearch: Sendable {
    var schema: SchemaProgram.Reference
    var minimum: Int
    var maximum: Int?
    /// Whether what is found counts as looked at.
    var marksItems: Bool
}

enum SchemaRange: Sendable {
    case minimum, exclusiveMinimum, maximum, exclusiveMaximum
}

enum SchemaLimit: Sendable {
    case atLeast(Int)
    case atMost(Int)

    func allows(_ count: Int) -> Bool {
        switch self {
        case .atLeast(let limit): count >= limit
        case .atMost(let limit): count <= limit
        }
    }

    /// `at least 1 item`.
    func phrase(_ noun: String) -> String {
        switch self {
        case .atLeast(let limit): "at least \(limit) \(noun)\(limit == 1 ? "" : "s")"
        case .atMost(let limit): "at most \(limit) \(noun)\(limit == 1 ? "" : "s")"
        }
    }
}

extension SchemaRule {
    /// The schemas that judge the same value as this rule, not a part of it.
    var inPlace: [SchemaProgram.Reference] {
        switch self {
        case .all(let schemas), .any(let schemas), .one(let schemas): schemas
        case .not(let schema), .reference(let schema): [schema]
        case .condition(let test, let then, let otherwise): [test] + [then, otherwise].compactMap { $0 }
        case .dependentSchemas(let entries): entries.map(\.schema)
        default: []
        }
    }
}
