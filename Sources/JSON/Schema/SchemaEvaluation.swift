/// One judgement of one value by a program.
///
/// Without recording it stops at the first thing that is wrong. With recording it goes on and writes down all of them.
struct SchemaEvaluation {
    enum Step {
        case name(String)
        case index(Int)
    }

    /// How many schemas may be open at once. Bounds the stack: a `$dynamicRef` can lead in circles that can't be seen
    /// before, and a value made by code can be of any depth.
    static let depthLimit = 1024

    let program: SchemaProgram
    var isRecording: Bool
    var violations: [SchemaViolation] = []
    /// Set once the limit is met; the value is then refused, whatever `not` and the like make of it.
    private(set) var exhaustion: SchemaViolation?
    private var path: [Step] = []
    /// The resources that were entered and not left, for `$dynamicRef`.
    private var scope: [Int] = []
    private var depth = 0

    init(program: SchemaProgram, isRecording: Bool) {
        self.program = program
        self.isRecording = isRecording
    }

    /// Whether the schema allows the value.
    mutating func evaluate(_ schema: SchemaProgram.Reference, _ value: JSONValue) -> Bool {
        var nothing: SchemaEvaluated?
        return evaluate(schema, value, &nothing)
    }

    /// The same, telling the caller who wants to know what was looked at.
    ///
    /// It is told even if the schema refuses the value. A caller that doesn't refuse the value in turn must not use
    /// it; one that does gets no second violation for a member that was looked at and found wrong.
    mutating func evaluate(
        _ schema: SchemaProgram.Reference, _ value: JSONValue, _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        if let verdict = program.nodes[schema].verdict {
            if !verdict { record(refusal: schema) }
            return verdict
        }
        guard exhaustion == nil, depth < Self.depthLimit else {
            exhaustion =
                exhaustion ?? violation(schema, message: "schema and value go deeper than \(Self.depthLimit) levels")
            return false
        }
        depth += 1
        defer { depth -= 1 }
        guard program.hasDynamicReferences else { return evaluateRules(of: schema, value, &evaluated) }
        let resource = program.nodes[schema].resource
        guard scope.last != resource else { return evaluateRules(of: schema, value, &evaluated) }
        scope.append(resource)
        defer { scope.removeLast() }
        return evaluateRules(of: schema, value, &evaluated)
    }

    private mutating func evaluateRules(
        of schema: SchemaProgram.Reference, _ value: JSONValue, _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        guard program.nodes[schema].hasUnevaluated else { return allRules(of: schema, allow: value, &evaluated) }
        var own: SchemaEvaluated? = SchemaEvaluated()
        let isValid = allRules(of: schema, allow: value, &own)
        if let own { evaluated?.formUnion(own) }
        return isValid
    }

    private mutating func allRules(
        of schema: SchemaProgram.Reference, allow value: JSONValue, _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        var isValid = true
        for (keyword, rule) in program.nodes[schema].rules where !apply(rule, keyword, of: schema, value, &evaluated) {
            isValid = false
            if !isRecording { break }
        }
        return isValid
    }

    /// The schema that a dynamic anchor means now: that of the outermost resource which has one of the name.
    func dynamicTarget(_ anchor: String, otherwise target: SchemaProgram.Reference) -> SchemaProgram.Reference {
        for resource in scope {
            if let found = program.dynamicAnchors[resource][anchor] { return found }
        }
        return target
    }
}

// Parts of the value

extension SchemaEvaluation {
    /// Judges a part of the value, which knows nothing of what was looked at around it.
    mutating func evaluate(_ schema: SchemaProgram.Reference, _ value: JSONValue, at step: Step) -> Bool {
        path.append(step)
        defer { path.removeLast() }
        return evaluate(schema, value)
    }

    /// Judges without writing anything down.
    mutating func isAllowed(
        _ schema: SchemaProgram.Reference, _ value: JSONValue, _ evaluated: inout SchemaEvaluated?
    ) -> Bool {
        let wasRecording = isRecording
        isRecording = false
        defer { isRecording = wasRecording }
        return evaluate(schema, value, &evaluated)
    }
}

// Writing down

extension SchemaEvaluation {
    var place: JSONPointer {
        JSONPointer(
            tokens: path.map { step in
                switch step {
                case .name(let name): name
                case .index(let index): String(index)
                }
            })
    }

    /// Writes a violation of one keyword down. The result is that of the rule: `false`.
    @discardableResult
    mutating func record(
        _ schema: SchemaProgram.Reference, _ keyword: String, _ message: @autoclosure () -> String
    ) -> Bool {
        if isRecording, exhaustion == nil { violations.append(violation(schema, keyword, message: message())) }
        return false
    }

    /// Writes down that the schema is `false`.
    private mutating func record(refusal schema: SchemaProgram.Reference) {
        guard isRecording else { return }
        let message =
            switch path.last {
            case .name(let name) where name.utf8.count <= 64: "'\(name)' is not allowed here"
            case .name: "this name is not allowed here"
            case .index: "no item is allowed here"
            case nil: "no value is allowed here"
            }
        violations.append(violation(schema, message: message))
    }

    /// A violation of one keyword of a schema, or of the schema as a whole.
    private func violation(
        _ schema: SchemaProgram.Reference, _ keyword: String? = nil, message: String
    ) -> SchemaViolation {
        let node = program.nodes[schema]
        return SchemaViolation(
            instance: place, document: node.document,
            schema: keyword.map { node.pointer.appending($0) } ?? node.pointer, keyword: keyword ?? node.keyword,
            message: message)
    }
}
