extension SchemaCompiler {
    /// Compiles the keywords that judge the same value by other schemas.
    mutating func compileApplicators(_ source: inout SchemaSource) throws(JSONSchemaError) {
        guard source.has(.applicator) else { return }
        let combinations: [(String, ([SchemaProgram.Reference]) -> SchemaRule)] = [
            ("allOf", SchemaRule.all), ("anyOf", SchemaRule.any), ("oneOf", SchemaRule.one),
        ]
        for (keyword, rule) in combinations {
            guard let schemas = try schemas(keyword, source) else { continue }
            source.add(keyword, rule(schemas))
        }
        if let schema = schema("not", source) { source.add("not", .not(schema)) }
        if let test = schema("if", source) {
            let (then, otherwise) = (schema("then", source), schema("else", source))
            source.add("if", .condition(test, then: then, else: otherwise))
        }
        if source.rules.dialect == .draft2020, let entries = try source.entries("dependentSchemas", index) {
            source.add("dependentSchemas", .dependentSchemas(schemas(entries, "dependentSchemas", source)))
        }
        // 2020-12 has it no more, but its meta-schema still knows it, and to ignore it would surprise its authors.
        if let entries = try source.entries("dependencies", index) {
            let required = try required(entries.filter { $0.value.arrayValue != nil }, "dependencies", source)
            if !required.isEmpty { source.add("dependencies", .dependentRequired(required)) }
            let schemas = schemas(entries.filter { $0.value.arrayValue == nil }, "dependencies", source)
            if !schemas.isEmpty { source.add("dependencies", .dependentSchemas(schemas)) }
        }
    }

    mutating func compileItems(_ source: inout SchemaSource) throws(JSONSchemaError) {
        guard source.has(.applicator) else { return }
        let isDraft7 = source.rules.dialect == .draft7
        // The first items each have a schema, the others share one; the drafts call this differently.
        let isTuple = isDraft7 && source.members["items"]?.arrayValue != nil
        let (first, others) = isTuple ? ("items", "additionalItems") : ("prefixItems", "items")
        var start = 0
        if isTuple || !isDraft7, let schemas = try schemas(first, source) {
            source.add(first, .prefixItems(schemas))
            start = schemas.count
        }
        if let schema = schema(others, source) { source.add(others, .items(schema, from: start)) }
        guard let schema = schema("contains", source) else { return }
        let counts = !isDraft7 && source.has(.validation)
        let minimum = counts ? try source.count("minContains", index) : nil
        let maximum = counts ? try source.count("maxContains", index) : nil
        let search = SchemaSearch(schema: schema, minimum: minimum ?? 1, maximum: maximum, marksItems: !isDraft7)
        source.add("contains", .contains(search))
    }

    mutating func compileMembers(_ source: inout SchemaSource) throws(JSONSchemaError) {
        guard source.has(.applicator) else { return }
        var members = SchemaMembers()
        let named = try source.entries("properties", index)
        for (name, schema) in schemas(named ?? [], "properties", source) { members.named[name] = schema }
        let matching = try source.entries("patternProperties", index)
        for (text, schema) in schemas(matching ?? [], "patternProperties", source) {
            let place = source.location.appending(["patternProperties", text])
            members.matching.append((try pattern(text, at: place), schema))
        }
        members.others = schema("additionalProperties", source)
        if named != nil || matching != nil || members.others != nil { source.add("properties", .members(members)) }
        if let schema = schema("propertyNames", source) { source.add("propertyNames", .names(schema)) }
    }

    mutating func compileUnevaluated(_ source: inout SchemaSource) throws(JSONSchemaError) {
        guard source.rules.dialect == .draft2020, source.has(.unevaluated) else { return }
        if let schema = schema("unevaluatedItems", source) {
            source.add("unevaluatedItems", .unevaluatedItems(schema))
            source.hasUnevaluated = true
        }
        if let schema = schema("unevaluatedProperties", source) {
            source.add("unevaluatedProperties", .unevaluatedMembers(schema))
            source.hasUnevaluated = true
        }
    }
}

// The schemas that a keyword holds

extension SchemaCompiler {
    private mutating func schema(_ keyword: String, _ source: SchemaSource) -> SchemaProgram.Reference? {
        source.members[keyword].map { schema($0, at: source.location.appending([keyword]), keyword: keyword) }
    }

    private mutating func schemas(
        _ keyword: String, _ source: SchemaSource
    ) throws(JSONSchemaError) -> [SchemaProgram.Reference]? {
        guard let values = try source.array(keyword, index) else { return nil }
        var result: [SchemaProgram.Reference] = []
        for (position, value) in values.enumerated() {
            result.append(
                schema(value, at: source.location.appending([keyword, String(position)]), keyword: keyword))
        }
        return result
    }

    private mutating func schemas(
        _ entries: [(key: String, value: JSONValue)], _ keyword: String, _ source: SchemaSource
    ) -> [(name: String, schema: SchemaProgram.Reference)] {
        var result: [(name: String, schema: SchemaProgram.Reference)] = []
        for (name, value) in entries {
            result.append((name, schema(value, at: source.location.appending([keyword, name]), keyword: keyword)))
        }
        return result
    }
}
