extension SchemaEvaluation {
    mutating func satisfiesAll(
        _ schemas: [SchemaProgram.Reference], _ value: JSONValue, _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var isValid = true
        for schema in schemas where !evaluate(schema, value, &evaluated) {
            isValid = false
            if !isRecording { return false }
        }
        return isValid
    }

    mutating func satisfiesAny(
        _ schemas: [SchemaProgram.Reference], _ keyword: String, of holder: SchemaProgram.Reference,
        _ value: JSONValue, _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var reasons: [[SchemaViolation]] = []
        var isValid = false
        for schema in schemas {
            let (fits, found) = attempt(schema, value, &evaluated)
            isValid = isValid || fits
            // What else fits matters only to who wants to know what was looked at.
            if isValid, evaluated == nil { return true }
            reasons.append(found)
        }
        return isValid || record(reasons, keyword, of: holder)
    }

    mutating func satisfiesOne(
        _ schemas: [SchemaProgram.Reference], _ keyword: String, of holder: SchemaProgram.Reference,
        _ value: JSONValue, _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var reasons: [[SchemaViolation]] = []
        var fitting: [Int] = []
        for (index, schema) in schemas.enumerated() {
            let (fits, found) = attempt(schema, value, &evaluated)
            if fits { fitting.append(index) }
            if fitting.count > 1, !isRecording { return false }
            reasons.append(found)
        }
        if fitting.count == 1 { return true }
        guard let last = fitting.last else { return record(reasons, keyword, of: holder) }
        let others = fitting.dropLast().map(String.init).joined(separator: ", ")
        return record(holder, keyword, "fits the alternatives \(others) and \(last), where only one may fit")
    }

    mutating func satisfiesNot(
        _ schema: SchemaProgram.Reference, _ keyword: String, of holder: SchemaProgram.Reference, _ value: JSONValue
    ) -> Bool {
        var nothing: SchemaEvaluated?
        return !isAllowed(schema, value, &nothing) || record(holder, keyword, "fits what 'not' excludes")
    }

    mutating func satisfies(
        _ test: SchemaProgram.Reference, _ then: SchemaProgram.Reference?, _ otherwise: SchemaProgram.Reference?,
        _ value: JSONValue, _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var seen: SchemaEvaluated? = evaluated == nil ? nil : SchemaEvaluated()
        let holds = isAllowed(test, value, &seen)
        if holds, let seen { evaluated?.formUnion(seen) }
        guard let next = holds ? then : otherwise else { return true }
        return evaluate(next, value, &evaluated)
    }
}

// Alternatives

extension SchemaEvaluation {
    /// Judges by a schema that needn't hold: what it finds is handed back and what it looked at counts if it holds.
    private mutating func attempt(
        _ schema: SchemaProgram.Reference, _ value: JSONValue, _ evaluated: inout SchemaEvaluated?
    ) -> (fits: Bool, found: [SchemaViolation]) {
        let before = violations.count
        var seen: SchemaEvaluated? = evaluated == nil ? nil : SchemaEvaluated()
        let fits = evaluate(schema, value, &seen)
        if fits, let seen { evaluated?.formUnion(seen) }
        let found = Array(violations[before...])
        violations.removeLast(found.count)
        return (fits, found)
    }

    /// Writes down that no alternative fits: as what is wrong with the one that was meant if that is plain, else as one
    /// violation that gives the reason of each.
    private mutating func record(
        _ reasons: [[SchemaViolation]], _ keyword: String, of holder: SchemaProgram.Reference
    ) -> Bool {
        guard isRecording else { return false }
        if let meant = meant(among: reasons) {
            violations += meant
            return false
        }
        let here = place
        let clauses = reasons.compactMap { $0.min() }.map { reason in
            let inside = JSONPointer(tokens: Array(reason.instance.tokens.dropFirst(here.tokens.count)))
            return inside.isRoot ? reason.message : "\(inside): \(reason.message)"
        }
        let distinct = clauses.enumerated().filter { !clauses[..<$0.offset].contains($0.element) }.map(\.element)
        let told = distinct.count <= 4 ? ": " + distinct.joined(separator: "; or ") : ""
        return record(holder, keyword, "fits none of \(reasons.count) alternatives\(told)")
    }

    /// The one alternative that is for values of this kind, going by the type, by what the value may be, and by members
    /// with a fixed value: as authors tell alternatives apart.
    private func meant(among reasons: [[SchemaViolation]]) -> [SchemaViolation]? {
        let here = place.tokens.count
        var candidates = reasons
        for (depth, keywords) in [(here, ["type"]), (here, ["const", "enum"]), (here + 1, ["const", "enum"])] {
            candidates.removeAll { found in
                found.contains { $0.instance.tokens.count == depth && keywords.contains($0.keyword) }
            }
            if candidates.count <= 1 { return candidates.first }
        }
        return nil
    }
}
