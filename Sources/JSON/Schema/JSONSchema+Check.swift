extension JSONSchema {
    /// Everything that is wrong with a schema; `instance` of each violation points into the schema.
    ///
    /// It is judged by its meta-schema, patterns included. If that has nothing to say it is compiled, which finds
    /// references that lead nowhere or nowhere but back. Schemas that are only referred to are not judged.
    ///
    /// - Parameters: as for compiling it.
    package static func check(
        schema document: JSONValue, dialect: Dialect? = nil, baseURI: String = "",
        resources: @escaping (String) -> JSONValue? = { _ in nil }
    ) -> [SchemaViolation] {
        let known = document["$schema"]?.stringValue.flatMap { Dialect(uri: $0) } ?? dialect ?? .draft2020
        if PlainSchema.accepts(document, dialect: known) { return [] }
        do throws(JSONSchemaError) {
            let violations = try metaSchema(of: document, dialect: dialect, resources: resources).validate(document)
            guard violations.isEmpty else { return withoutRepetition(violations) }
            _ = try JSONSchema(document, dialect: dialect, baseURI: baseURI, resources: resources)
            return []
        } catch {
            return [SchemaViolation(error)]
        }
    }

    /// The vocabularies of 2020-12 each say the same about a schema that is no schema at all.
    private static func withoutRepetition(_ violations: [SchemaViolation]) -> [SchemaViolation] {
        var known: [JSONPointer: Set<String>] = [:]
        return violations.filter { known[$0.instance, default: []].insert($0.message).inserted }
    }

    private static func metaSchema(
        of document: JSONValue, dialect: Dialect?, resources: @escaping (String) -> JSONValue?
    ) throws(JSONSchemaError) -> JSONSchema {
        let uri = document["$schema"]?.stringValue ?? (dialect ?? .draft2020).rawValue
        if let known = Dialect(uri: uri) {
            return try (known == .draft7 ? draft7 : draft2020).get()
        }
        guard let custom = resources(uri.withoutEmptyFragment) else {
            throw JSONSchemaError(
                .unknownDialect, "the meta-schema '\(uri)' is not known", at: JSONPointer(tokens: ["$schema"]))
        }
        return try JSONSchema(custom, baseURI: uri, formats: .assertion, resources: resources)
    }

    private static let draft7 = builtIn(.draft7)
    private static let draft2020 = builtIn(.draft2020)

    private static func builtIn(_ dialect: Dialect) -> Result<JSONSchema, JSONSchemaError> {
        Result { () throws(JSONSchemaError) in
            try JSONSchema(["$ref": .string(dialect.rawValue)], dialect: dialect, formats: .assertion)
        }
    }
}

extension SchemaViolation {
    /// What stops a schema from being compiled, as a finding in that schema.
    fileprivate init(_ error: JSONSchemaError) {
        let keyword = error.pointer.tokens.last ?? ""
        self.init(
            instance: error.document == nil ? error.pointer : JSONPointer(), schema: JSONPointer(), keyword: keyword,
            message: error.document.map { "in '\($0)': \(error.message)" } ?? error.message)
    }
}
