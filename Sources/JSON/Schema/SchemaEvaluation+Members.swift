extension SchemaEvaluation {
    /// Rules about objects; `nil` for a rule that is about something else.
    mutating func applyToMembers(
        _ rule: SchemaRule, _ keyword: String, of schema: SchemaProgram.Reference, _ members: [String: JSONValue],
        _ evaluated: inout SchemaEvaluated?
    ) -> Bool? {
        switch rule {
        case .memberCount(let limit):
            limit.allows(members.count)
                || record(schema, keyword, "expected \(limit.phrase("member")), found \(members.count)")
        case .required(let names): has(names, members, keyword, of: schema) { "'\($0)' is missing" }
        case .dependentRequired(let entries): hasDependent(entries, keyword, of: schema, members)
        case .members(let rule): satisfies(rule, members, &evaluated)
        case .names(let rule): namesSatisfy(rule, members)
        case .dependentSchemas(let entries): satisfiesDependent(entries, members, &evaluated)
        case .unevaluatedMembers(let rule): satisfiesUnevaluated(rule, members, &evaluated)
        default: nil
        }
    }

    private mutating func has(
        _ names: [String], _ members: [String: JSONValue], _ keyword: String, of schema: SchemaProgram.Reference,
        message: (String) -> String
    ) -> Bool {
        var isValid = true
        for name in names where members.value(exactly: name) == nil {
            isValid = false
            guard isRecording else { return false }
            record(schema, keyword, message(name))
        }
        return isValid
    }

    private mutating func hasDependent(
        _ entries: [(name: String, names: [String])], _ keyword: String, of schema: SchemaProgram.Reference,
        _ members: [String: JSONValue]
    ) -> Bool {
        var isValid = true
        for (name, names) in entries where members.value(exactly: name) != nil {
            let isComplete = has(names, members, keyword, of: schema) { "'\($0)' is missing, which '\(name)' needs" }
            isValid = isValid && isComplete
        }
        return isValid
    }

    private mutating func satisfiesDependent(
        _ entries: [(name: String, schema: SchemaProgram.Reference)], _ members: [String: JSONValue],
        _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var isValid = true
        for (name, schema) in entries where members.value(exactly: name) != nil {
            guard !evaluate(schema, .object(members), &evaluated) else { continue }
            isValid = false
            if !isRecording { return false }
        }
        return isValid
    }

    private mutating func satisfies(
        _ rule: SchemaMembers, _ members: [String: JSONValue], _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        // In any order: violations are sorted in the end.
        var isValid = true
        for (name, value) in members {
            var isOther = true
            if let schema = rule.named.value(exactly: name) {
                isOther = false
                isValid = evaluate(schema, value, at: .name(name)) && isValid
            }
            for (pattern, schema) in rule.matching where pattern.matches(name) {
                isOther = false
                isValid = evaluate(schema, value, at: .name(name)) && isValid
            }
            if isOther, let schema = rule.others {
                isOther = false
                isValid = evaluate(schema, value, at: .name(name)) && isValid
            }
            if !isOther { evaluated?.insertMember(name) }
            if !isValid, !isRecording { return false }
        }
        return isValid
    }

    private mutating func namesSatisfy(
        _ schema: SchemaProgram.Reference, _ members: [String: JSONValue]
    ) -> Bool {
        var isValid = true
        for name in members.keys where !evaluate(schema, .string(name), at: .name(name)) {
            isValid = false
            if !isRecording { return false }
        }
        return isValid
    }

    private mutating func satisfiesUnevaluated(
        _ schema: SchemaProgram.Reference, _ members: [String: JSONValue], _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var isValid = true
        for (name, value) in members where evaluated?.containsMember(name) != true {
            guard !evaluate(schema, value, at: .name(name)) else { continue }
            isValid = false
            if !isRecording { return false }
        }
        evaluated?.insertAllMembers()
        return isValid
    }
}

extension [String: JSONValue] {
    /// The member of that name by code points. The dictionary alone takes two spellings that Unicode calls equivalent
    /// for one name; JSON doesn't.
    fileprivate func value(exactly name: String) -> JSONValue? {
        guard let index = index(forKey: name), self[index].key.utf8.elementsEqual(name.utf8) else { return nil }
        return self[index].value
    }
}

extension [String: SchemaProgram.Reference] {
    fileprivate func value(exactly name: String) -> SchemaProgram.Reference? {
        guard let index = index(forKey: name), self[index].key.utf8.elementsEqual(name.utf8) else { return nil }
        return self[index].value
    }
}
