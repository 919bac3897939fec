/// Where a schema stands: which document, and where in it.
struct SchemaLocation: Hashable {
    var document: Int
    var pointer: JSONPointer

    func appending(_ tokens: [String]) -> SchemaLocation {
        SchemaLocation(document: document, pointer: JSONPointer(tokens: pointer.tokens + tokens))
    }

    /// The end of the pointer and its length tell almost all places of a document apart, and cost little.
    func hash(into hasher: inout Hasher) {
        hasher.combine(document)
        hasher.combine(pointer.tokens.count)
        for token in pointer.tokens.suffix(2) { hasher.combine(token) }
    }
}

/// A schema with a URI of its own: a document, or a part of one that has an `$id`.
struct SchemaResource {
    let uri: SchemaURI
    let root: SchemaLocation
    let rules: SchemaRules
    var anchors: [String: SchemaLocation] = [:]
    /// Those of `anchors` that `$dynamicRef` may replace.
    var dynamicAnchors: Set<String> = []
}

/// The documents that schemas are in, and what in them can be referred to.
struct SchemaIndex {
    private(set) var documents: [(uri: String, value: JSONValue)] = []
    private(set) var resources: [SchemaResource] = []
    private var resourcesByURI: [String: Int] = [:]
    /// The resource that each schema belongs to.
    private var owners: [SchemaLocation: Int] = [:]
    private let lookUp: (String) -> JSONValue?

    init(resources lookUp: @escaping (String) -> JSONValue?) {
        self.lookUp = lookUp
    }

    /// Takes a document in; the result is the place of its root.
    mutating func add(
        _ value: JSONValue, uri: String, dialect: JSONSchema.Dialect
    ) throws(JSONSchemaError) -> SchemaLocation {
        let root = SchemaLocation(document: documents.count, pointer: JSONPointer())
        documents.append((uri, value))
        let base = SchemaURI(uri).withoutFragment
        let rules = try rules(of: value, at: root, unless: SchemaRules(dialect: dialect))
        let resource = try declare(base, at: root, rules: rules)
        try scan(value, at: root, owner: resource)
        // A document with another `$id` is still known by where it is from.
        if let owner = owners[root], resources[owner].root == root { resourcesByURI[base.description] = owner }
        return root
    }

    /// The schema at a place.
    func value(at location: SchemaLocation) -> JSONValue? {
        documents[location.document].value[location.pointer]
    }

    func resource(of location: SchemaLocation) -> Int? { owners[location] }

    /// The URI for errors and violations: `nil` for the first document, the one that was given.
    func uri(of location: SchemaLocation) -> String? {
        location.document == 0 ? nil : documents[location.document].uri
    }

    func error(_ code: JSONSchemaError.Code, _ message: String, at location: SchemaLocation) -> JSONSchemaError {
        JSONSchemaError(code, message, in: uri(of: location), at: location.pointer)
    }
}

// Reading documents

extension SchemaIndex {
    /// Finds every identifier among a schema and the schemas inside it, without recursion.
    private mutating func scan(
        _ schema: JSONValue, at location: SchemaLocation, owner: Int
    ) throws(JSONSchemaError) {
        var pending = [(schema, location, owner)]
        while let (value, location, outer) = pending.popLast() {
            guard owners[location] == nil else { continue }
            var owner = outer
            if case .object(let members) = value {
                owner = try identify(members, at: location, in: outer)
                let dialect = resources[owner].rules.dialect
                for (keyword, value) in members.sorted(by: { $0.key > $1.key }) {
                    guard let position = SchemaPosition.of(keyword, in: dialect) else { continue }
                    for (tokens, schema) in position.schemas(in: value).reversed() {
                        pending.append((schema, location.appending([keyword] + tokens), owner))
                    }
                }
            }
            owners[location] = owner
        }
    }

    /// Takes in `$id` and the anchors of one schema; the result is the resource that it belongs to.
    private mutating func identify(
        _ members: [String: JSONValue], at location: SchemaLocation, in outer: Int
    ) throws(JSONSchemaError) -> Int {
        var owner = outer
        // In draft-07 nothing beside a `$ref` counts.
        let isReference = resources[outer].rules.dialect == .draft7 && members["$ref"] != nil
        if let id = members["$id"]?.stringValue, !isReference {
            let uri = resources[outer].uri.resolving(id)
            if !id.hasPrefix("#") {
                let rules = try rules(of: .object(members), at: location, unless: resources[outer].rules)
                owner = try declare(uri.withoutFragment, at: location, rules: rules)
            }
            if let name = uri.decodedFragment, !name.isEmpty {
                guard resources[owner].rules.dialect == .draft7 else {
                    throw error(.invalidKeyword, "'$id' has a fragment", at: location.appending(["$id"]))
                }
                try declareAnchor(name, in: owner, at: location, keyword: "$id")
            }
        }
        guard resources[owner].rules.dialect == .draft2020 else { return owner }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            guard let name = members[keyword]?.stringValue else { continue }
            try declareAnchor(name, in: owner, at: location, keyword: keyword)
            if keyword == "$dynamicAnchor" { resources[owner].dynamicAnchors.insert(name) }
        }
        return owner
    }

    private mutating func declare(
        _ uri: SchemaURI, at location: SchemaLocation, rules: SchemaRules
    ) throws(JSONSchemaError) -> Int {
        if let other = resourcesByURI[uri.description] {
            let root = resources[other].root
            // The document's own URI, told again by the `$id` of its root.
            if root == location { return other }
            if root.document == location.document {
                throw error(.duplicateIdentifier, "'$id' is that of another schema", at: location.appending(["$id"]))
            }
        }
        resources.append(SchemaResource(uri: uri, root: location, rules: rules))
        // What was known first stays, so that a document that is fetched can't replace a part of the given one.
        if resourcesByURI[uri.description] == nil { resourcesByURI[uri.description] = resources.count - 1 }
        return resources.count - 1
    }

    private mutating func declareAnchor(
        _ name: String, in resource: Int, at location: SchemaLocation, keyword: String
    ) throws(JSONSchemaError) {
        if let other = resources[resource].anchors[name], other != location {
            throw error(
                .duplicateIdentifier, "'\(name)' is the name of another schema", at: location.appending([keyword]))
        }
        resources[resource].anchors[name] = location
    }
}

// Dialects

extension SchemaIndex {
    /// What a resource root is read by: its `$schema`, else what surrounds it or refers to it.
    private func rules(
        of schema: JSONValue, at location: SchemaLocation, unless outer: SchemaRules
    ) throws(JSONSchemaError) -> SchemaRules {
        guard let uri = schema["$schema"]?.stringValue else { return outer }
        let place = location.appending(["$schema"])
        var rules: SchemaRules?
        var next = uri.withoutEmptyFragment
        // A meta-schema of one's own has a meta-schema in turn; the last is one of the dialects.
        for _ in 0..<8 {
            if let dialect = JSONSchema.Dialect(uri: next) {
                return SchemaRules(dialect: dialect, vocabularies: rules?.vocabularies ?? .standard)
            }
            guard let metaSchema = lookUp(next) else { break }
            if rules == nil, let names = metaSchema["$vocabulary"]?.objectValue {
                rules = SchemaRules(dialect: .draft2020, vocabularies: try vocabularies(names, at: place))
            }
            next = metaSchema["$schema"]?.stringValue?.withoutEmptyFragment ?? JSONSchema.Dialect.draft2020.rawValue
        }
        throw error(.unknownDialect, "the meta-schema '\(next)' is not known", at: place)
    }

    private func vocabularies(
        _ names: [String: JSONValue], at place: SchemaLocation
    ) throws(JSONSchemaError) -> SchemaVocabularies {
        var result: SchemaVocabularies = .core
        for (name, isRequired) in names.sorted(by: { $0.key < $1.key }) {
            if let vocabulary = SchemaVocabularies.named(name) {
                result.insert(vocabulary)
            } else if isRequired == true {
                throw error(.unknownVocabulary, "the meta-schema requires the unknown vocabulary '\(name)'", at: place)
            }
        }
        return result
    }
}

// Following references

extension SchemaIndex {
    /// The schema that a reference leads to; the document that it is in is taken in if it is not known yet.
    ///
    /// - Returns: Where it is, and the anchor that named it if an anchor did.
    mutating func resolve(
        _ reference: String, in resource: Int, at place: SchemaLocation
    ) throws(JSONSchemaError) -> (target: SchemaLocation, anchor: String?) {
        let uri = resources[resource].uri.resolving(reference)
        let dialect = resources[resource].rules.dialect
        let found = try self.resource(uri.withoutFragment.description, dialect: dialect, at: place)
        guard uri.fragment != nil else { return (resources[found].root, nil) }
        guard let fragment = uri.decodedFragment else {
            throw error(.unresolvedReference, "the fragment is not UTF-8", at: place)
        }
        if fragment.isEmpty { return (resources[found].root, nil) }
        if !fragment.hasPrefix("/") {
            guard let target = resources[found].anchors[fragment] else {
                throw error(.unresolvedReference, "no schema has the name '\(fragment)'", at: place)
            }
            return (target, fragment)
        }
        guard let pointer = try? JSONPointer(parsing: fragment) else {
            throw error(.unresolvedReference, "'\(fragment)' is no JSON pointer", at: place)
        }
        let target = resources[found].root.appending(pointer.tokens)
        guard let value = value(at: target) else {
            throw error(.unresolvedReference, "'\(fragment)' leads nowhere", at: place)
        }
        try adopt(value, at: target)
        return (target, nil)
    }

    private mutating func resource(
        _ uri: String, dialect: JSONSchema.Dialect, at place: SchemaLocation
    ) throws(JSONSchemaError) -> Int {
        if let known = resourcesByURI[uri] { return known }
        guard let document = MetaSchemas.document(uri) ?? lookUp(uri) else {
            throw error(.unresolvedReference, "'\(uri)' is not known", at: place)
        }
        let root = try add(document, uri: uri, dialect: dialect)
        return resourcesByURI[uri] ?? owners[root] ?? 0
    }

    /// Makes a schema of a value that stands where no keyword holds one, because a reference leads there.
    private mutating func adopt(_ value: JSONValue, at location: SchemaLocation) throws(JSONSchemaError) {
        guard owners[location] == nil else { return }
        var outer = location
        while owners[outer] == nil, !outer.pointer.isRoot {
            outer.pointer = JSONPointer(tokens: outer.pointer.tokens.dropLast())
        }
        try scan(value, at: location, owner: owners[outer] ?? 0)
    }
}
