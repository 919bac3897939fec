extension SchemaEvaluation {
    /// Whether one rule allows the value. Only looks at what the rule is about: others hold for any value.
    ///
    /// No work here: the frame of a switch has room for all its cases at once, and this one is on the stack at
    /// every level.
    mutating func apply(
        _ rule: SchemaRule, _ keyword: String, of schema: SchemaProgram.Reference, _ value: JSONValue,
        _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        switch value {
        case .array(let elements):
            if let result = applyToItems(rule, keyword, of: schema, elements, &evaluated) { return result }
        case .object(let members):
            if let result = applyToMembers(rule, keyword, of: schema, members, &evaluated) { return result }
        case .string(let text):
            if let result = applyToString(rule, keyword, of: schema, text) { return result }
        case .integer, .number:
            if let result = applyToNumber(rule, keyword, of: schema, value) { return result }
        case .null, .bool: break
        }
        return applyToAny(rule, keyword, of: schema, value, &evaluated)
    }

    private mutating func applyToAny(
        _ rule: SchemaRule, _ keyword: String, of schema: SchemaProgram.Reference, _ value: JSONValue,
        _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        switch rule {
        case .type(let types):
            !types.isDisjoint(with: value.types)
                || record(schema, keyword, "expected \(types.description), found \(value.typeName)")
        case .constant(let constant):
            constant == value || record(schema, keyword, "expected \(constant.sample)")
        case .enumeration(let values, let set):
            set.contains(value) || record(schema, keyword, "expected \(JSONValue.choice(of: values))")
        case .all(let schemas): satisfiesAll(schemas, value, &evaluated)
        case .any(let schemas): satisfiesAny(schemas, keyword, of: schema, value, &evaluated)
        case .one(let schemas): satisfiesOne(schemas, keyword, of: schema, value, &evaluated)
        case .not(let other): satisfiesNot(other, keyword, of: schema, value)
        case .condition(let test, let then, let otherwise): satisfies(test, then, otherwise, value, &evaluated)
        case .reference(let target): evaluate(target, value, &evaluated)
        case .dynamicReference(let target, let anchor):
            evaluate(dynamicTarget(anchor, otherwise: target), value, &evaluated)
        default: true
        }
    }

    private mutating func applyToNumber(
        _ rule: SchemaRule, _ keyword: String, of schema: SchemaProgram.Reference, _ value: JSONValue
    ) -> Bool? {
        switch rule {
        case .range(.minimum, let limit):
            !value.isLess(than: limit) || record(schema, keyword, "expected a number of at least \(limit.compact)")
        case .range(.exclusiveMinimum, let limit):
            limit.isLess(than: value) || record(schema, keyword, "expected a number above \(limit.compact)")
        case .range(.maximum, let limit):
            !limit.isLess(than: value) || record(schema, keyword, "expected a number of at most \(limit.compact)")
        case .range(.exclusiveMaximum, let limit):
            value.isLess(than: limit) || record(schema, keyword, "expected a number below \(limit.compact)")
        case .multiple(let divisor, let decimal):
            JSONDecimal(value)?.isMultiple(of: decimal) == true
                || record(schema, keyword, "expected a multiple of \(divisor.compact)")
        default: nil
        }
    }

    private mutating func applyToString(
        _ rule: SchemaRule, _ keyword: String, of schema: SchemaProgram.Reference, _ text: String
    ) -> Bool? {
        switch rule {
        case .length(let limit):
            // Of code points, as RFC 8259 counts.
            limit.allows(text.unicodeScalars.count)
                || record(
                    schema, keyword, "expected \(limit.phrase("character")), found \(text.unicodeScalars.count)")
        case .pattern(let pattern):
            pattern.matches(text) || record(schema, keyword, "expected a text that matches '\(pattern.source)'")
        case .format(let format):
            format.allows(text) || record(schema, keyword, format.refusal(of: text))
        default: nil
        }
    }
}

extension JSONValue {
    /// A value of a schema as a message gives it: whole if it is short.
    var sample: String {
        switch self {
        case .string(let text) where text.utf8.count <= 64: "'\(text)'"
        case .array, .object: compact.utf8.count <= 64 ? compact : "\(kind) that the schema gives"
        case .string: "a text that the schema gives"
        default: compact
        }
    }

    fileprivate static func choice(of values: [JSONValue]) -> String {
        let samples = values.prefix(12).map(\.sample)
        guard let last = samples.last else { return "no value at all" }
        if values.count > samples.count { return "one of \(samples.joined(separator: ", ")), …" }
        return samples.count == 1 ? last : samples.dropLast().joined(separator: ", ") + " or " + last
    }
}
