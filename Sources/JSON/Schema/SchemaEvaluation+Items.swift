extension SchemaEvaluation {
    /// Rules about arrays; `nil` for a rule that is about something else.
    mutating func applyToItems(
        _ rule: SchemaRule, _ keyword: String, of schema: SchemaProgram.Reference, _ items: [JSONValue],
        _ evaluated: inout SchemaEvaluated?
    ) -> Bool? {
        switch rule {
        case .itemCount(let limit):
            limit.allows(items.count)
                || record(schema, keyword, "expected \(limit.phrase("item")), found \(items.count)")
        case .uniqueItems: areUnique(items, keyword, of: schema)
        case .prefixItems(let schemas): satisfiesFirst(schemas, items, &evaluated)
        case .items(let item, let start): satisfiesOthers(item, from: start, items, &evaluated)
        case .contains(let search): contains(search, keyword, of: schema, items, &evaluated)
        case .unevaluatedItems(let item): satisfiesUnevaluated(item, items, &evaluated)
        default: nil
        }
    }

    private mutating func areUnique(
        _ items: [JSONValue], _ keyword: String, of schema: SchemaProgram.Reference
    ) -> Bool {
        var places: [JSONValue: Int] = [:]
        for (index, item) in items.enumerated() {
            if let other = places.updateValue(index, forKey: item) {
                return record(schema, keyword, "items \(other) and \(index) are equal")
            }
        }
        return true
    }

    private mutating func satisfiesFirst(
        _ schemas: [SchemaProgram.Reference], _ items: [JSONValue], _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var isValid = true
        for (index, (schema, item)) in zip(schemas, items).enumerated()
        where !evaluate(schema, item, at: .index(index)) {
            isValid = false
            if !isRecording { return false }
        }
        evaluated?.insertItems(upTo: min(schemas.count, items.count))
        return isValid
    }

    private mutating func satisfiesOthers(
        _ schema: SchemaProgram.Reference, from start: Int, _ items: [JSONValue], _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var isValid = true
        for index in items.indices.dropFirst(start) where !evaluate(schema, items[index], at: .index(index)) {
            isValid = false
            if !isRecording { return false }
        }
        evaluated?.insertAllItems()
        return isValid
    }

    private mutating func contains(
        _ search: SchemaSearch, _ keyword: String, of schema: SchemaProgram.Reference, _ items: [JSONValue],
        _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var count = 0
        var nothing: SchemaEvaluated?
        for (index, item) in items.enumerated() where isAllowed(search.schema, item, &nothing) {
            count += 1
            if search.marksItems { evaluated?.insertItem(index) }
        }
        var isValid = true
        if count < search.minimum {
            let wanted = search.minimum == 1 ? "an item that fits" : "\(search.minimum) items that fit"
            isValid = record(schema, keyword, "expected \(wanted) 'contains', found \(count)")
        }
        if let maximum = search.maximum, count > maximum {
            let wanted = maximum == 1 ? "1 item that fits" : "\(maximum) items that fit"
            isValid = record(schema, "maxContains", "expected at most \(wanted), found \(count)")
        }
        return isValid
    }

    private mutating func satisfiesUnevaluated(
        _ schema: SchemaProgram.Reference, _ items: [JSONValue], _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var isValid = true
        for (index, item) in items.enumerated() where evaluated?.containsItem(index) != true {
            guard !evaluate(schema, item, at: .index(index)) else { continue }
            isValid = false
            if !isRecording { return false }
        }
        evaluated?.insertAllItems()
        return isValid
    }
}
