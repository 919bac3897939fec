/// One schema object while it is compiled: its keywords, read with their types, and the rules made of them so far.
struct SchemaSource {
    let members: [String: JSONValue]
    let location: SchemaLocation
    let resource: Int
    let rules: SchemaRules
    private(set) var compiled: [(keyword: String, rule: SchemaRule)] = []
    var hasUnevaluated = false

    init(members: [String: JSONValue], location: SchemaLocation, resource: Int, rules: SchemaRules) {
        self.members = members
        self.location = location
        self.resource = resource
        self.rules = rules
    }

    /// In draft-07 nothing beside a `$ref` counts.
    var isReferenceAlone: Bool { rules.dialect == .draft7 && members["$ref"] != nil }

    mutating func add(_ keyword: String, _ rule: SchemaRule) {
        compiled.append((keyword, rule))
    }

    func has(_ vocabulary: SchemaVocabularies) -> Bool { rules.vocabularies.contains(vocabulary) }

    func invalid(_ keyword: String, _ wanted: String, _ index: SchemaIndex) -> JSONSchemaError {
        index.error(.invalidKeyword, "'\(keyword)' must be \(wanted)", at: location.appending([keyword]))
    }
}

/// The value of a keyword; `nil` where it is absent.
extension SchemaSource {
    func string(_ keyword: String, _ index: SchemaIndex) throws(JSONSchemaError) -> String? {
        guard let value = members[keyword] else { return nil }
        guard let text = value.stringValue else { throw invalid(keyword, "a string", index) }
        return text
    }

    /// A number that is not below zero; one too large to count to counts as the largest.
    func count(_ keyword: String, _ index: SchemaIndex) throws(JSONSchemaError) -> Int? {
        guard let value = members[keyword] else { return nil }
        guard value.types.contains(.integer), !value.isLess(than: 0) else {
            throw invalid(keyword, "an integer that is not negative", index)
        }
        return value.intValue.map { Int(clamping: $0) } ?? Int.max
    }

    func number(_ keyword: String, _ index: SchemaIndex) throws(JSONSchemaError) -> JSONValue? {
        guard let value = members[keyword] else { return nil }
        guard value.types.contains(.number) else { throw invalid(keyword, "a number", index) }
        return value
    }

    func names(_ keyword: String, _ index: SchemaIndex) throws(JSONSchemaError) -> [String]? {
        guard let value = members[keyword] else { return nil }
        guard let names = value.stringArray else { throw invalid(keyword, "an array of strings", index) }
        return names
    }

    func array(_ keyword: String, _ index: SchemaIndex) throws(JSONSchemaError) -> [JSONValue]? {
        guard let value = members[keyword] else { return nil }
        guard let elements = value.arrayValue else { throw invalid(keyword, "an array", index) }
        return elements
    }

    /// The members of an object, by name.
    func entries(
        _ keyword: String, _ index: SchemaIndex
    ) throws(JSONSchemaError) -> [(key: String, value: JSONValue)]? {
        guard let value = members[keyword] else { return nil }
        guard let entries = value.objectValue else { throw invalid(keyword, "an object", index) }
        return entries.sorted { $0.key < $1.key }
    }
}

extension JSONValue {
    /// The strings of an array that has only strings.
    var stringArray: [String]? {
        guard let elements = arrayValue else { return nil }
        let strings = elements.compactMap(\.stringValue)
        return strings.count == elements.count ? strings : nil
    }
}
