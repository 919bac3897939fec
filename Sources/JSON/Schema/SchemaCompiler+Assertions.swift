extension SchemaCompiler {
    /// Compiles the keywords that look at the value alone.
    mutating func compileAssertions(_ source: inout SchemaSource) throws(JSONSchemaError) {
        try compileFormat(&source)
        guard source.has(.validation) else { return }
        try compileType(&source)
        if let value = source.members["const"] { source.add("const", .constant(value)) }
        if let values = try source.array("enum", index) {
            source.add("enum", .enumeration(values, set: Set(values)))
        }
        try compileNumbers(&source)
        try compileLimits(&source)
        if let text = try source.string("pattern", index) {
            source.add("pattern", .pattern(try pattern(text, at: source.location.appending(["pattern"]))))
        }
        if let value = source.members["uniqueItems"] {
            guard let isUnique = value.boolValue else { throw source.invalid("uniqueItems", "a Boolean", index) }
            if isUnique { source.add("uniqueItems", .uniqueItems) }
        }
        if let names = try source.names("required", index) { source.add("required", .required(names)) }
        if source.rules.dialect == .draft2020, let entries = try source.entries("dependentRequired", index) {
            source.add("dependentRequired", .dependentRequired(try required(entries, "dependentRequired", source)))
        }
    }

    private mutating func compileType(_ source: inout SchemaSource) throws(JSONSchemaError) {
        guard let value = source.members["type"] else { return }
        guard let names = value.stringValue.map({ [$0] }) ?? value.stringArray else {
            throw source.invalid("type", "the name of a type or an array of such names", index)
        }
        var types: JSONTypes = []
        for name in names {
            guard let type = JSONTypes(named: name) else {
                throw index.error(
                    .invalidKeyword, "there is no type '\(name)'", at: source.location.appending(["type"]))
            }
            types.insert(type)
        }
        source.add("type", .type(types))
    }

    private mutating func compileNumbers(_ source: inout SchemaSource) throws(JSONSchemaError) {
        if let divisor = try source.number("multipleOf", index) {
            guard JSONValue.integer(0).isLess(than: divisor), let decimal = JSONDecimal(divisor) else {
                throw source.invalid("multipleOf", "a number above 0", index)
            }
            source.add("multipleOf", .multiple(of: divisor, decimal))
        }
        let ranges: [(String, SchemaRange)] = [
            ("minimum", .minimum), ("exclusiveMinimum", .exclusiveMinimum), ("maximum", .maximum),
            ("exclusiveMaximum", .exclusiveMaximum),
        ]
        for (keyword, range) in ranges {
            if let limit = try source.number(keyword, index) { source.add(keyword, .range(range, limit)) }
        }
    }

    private mutating func compileLimits(_ source: inout SchemaSource) throws(JSONSchemaError) {
        let limits: [(suffix: String, rule: (SchemaLimit) -> SchemaRule)] = [
            ("Length", SchemaRule.length), ("Items", SchemaRule.itemCount), ("Properties", SchemaRule.memberCount),
        ]
        for (suffix, rule) in limits {
            if let count = try source.count("min" + suffix, index) { source.add("min" + suffix, rule(.atLeast(count))) }
            if let count = try source.count("max" + suffix, index) { source.add("max" + suffix, rule(.atMost(count))) }
        }
    }

    private mutating func compileFormat(_ source: inout SchemaSource) throws(JSONSchemaError) {
        let isAsserted = source.has(.formatAssertion) || (assertsFormats && source.has(.formatAnnotation))
        guard let name = try source.string("format", index), isAsserted else { return }
        if let format = SchemaFormat(rawValue: name) { source.add("format", .format(format)) }
    }

    /// The entries of `dependentRequired`, or those of `dependencies` that are arrays.
    func required(
        _ entries: [(key: String, value: JSONValue)], _ keyword: String, _ source: SchemaSource
    ) throws(JSONSchemaError) -> [(name: String, names: [String])] {
        var result: [(name: String, names: [String])] = []
        for (name, value) in entries {
            guard let names = value.stringArray else { throw source.invalid(keyword, "arrays of strings", index) }
            result.append((name, names))
        }
        return result
    }

    func pattern(_ text: String, at location: SchemaLocation) throws(JSONSchemaError) -> SchemaPattern {
        do throws(SchemaPattern.Failure) {
            return try SchemaPattern(text)
        } catch {
            throw index.error(.invalidPattern, error.message, at: location)
        }
    }
}
