/// Makes a program of a schema document.
///
/// Works through a list of schemas still to compile instead of descending into them, so that neither depth nor
/// references that go in circles cost stack.
struct SchemaCompiler {
    var index: SchemaIndex
    let assertsFormats: Bool
    private var program = SchemaProgram()
    private var references: [SchemaLocation: SchemaProgram.Reference] = [:]
    private var pending: [(SchemaProgram.Reference, SchemaLocation, JSONValue)] = []

    init(index: SchemaIndex, assertsFormats: Bool) {
        self.index = index
        self.assertsFormats = assertsFormats
    }

    mutating func compile(
        _ document: JSONValue, baseURI: String, dialect: JSONSchema.Dialect
    ) throws(JSONSchemaError) -> SchemaProgram {
        let root = try index.add(document, uri: baseURI, dialect: dialect)
        program.root = schema(document, at: root, keyword: "false")
        while let (reference, location, value) = pending.popLast() {
            try compile(value, at: location, into: reference)
            if pending.isEmpty { addDynamicAnchors() }
        }
        try refuseLoops()
        return program
    }

    /// The number of a schema, which is compiled later if it is new.
    mutating func schema(
        _ value: JSONValue, at location: SchemaLocation, keyword: String
    ) -> SchemaProgram.Reference {
        if let known = references[location] { return known }
        let reference = program.nodes.count
        program.nodes.append(
            SchemaNode(
                document: index.uri(of: location), pointer: location.pointer, keyword: keyword,
                resource: index.resource(of: location) ?? 0))
        references[location] = reference
        pending.append((reference, location, value))
        return reference
    }

    private mutating func compile(
        _ value: JSONValue, at location: SchemaLocation, into reference: SchemaProgram.Reference
    ) throws(JSONSchemaError) {
        switch value {
        case .bool(let verdict):
            program.nodes[reference].verdict = verdict
        case .object(let members):
            let resource = program.nodes[reference].resource
            var source = SchemaSource(
                members: members, location: location, resource: resource, rules: index.resources[resource].rules)
            try compileReferences(&source)
            if !source.isReferenceAlone {
                try compileAssertions(&source)
                try compileApplicators(&source)
                try compileItems(&source)
                try compileMembers(&source)
                try compileUnevaluated(&source)
            }
            program.nodes[reference].rules = source.compiled
            program.nodes[reference].hasUnevaluated = source.hasUnevaluated
        default:
            throw index.error(.invalidKeyword, "a schema is an object or a Boolean, not \(value.kind)", at: location)
        }
    }

    /// Any resource that was entered may be asked for its dynamic anchors.
    private mutating func addDynamicAnchors() {
        guard program.hasDynamicReferences else { return }
        for number in index.resources.indices {
            if program.dynamicAnchors.count <= number { program.dynamicAnchors.append([:]) }
            let resource = index.resources[number]
            for name in resource.dynamicAnchors.sorted() where program.dynamicAnchors[number][name] == nil {
                guard let location = resource.anchors[name], let value = index.value(at: location) else { continue }
                program.dynamicAnchors[number][name] = schema(value, at: location, keyword: "$dynamicRef")
            }
        }
    }
}

// References

extension SchemaCompiler {
    private mutating func compileReferences(_ source: inout SchemaSource) throws(JSONSchemaError) {
        if let text = try source.string("$ref", index) {
            let (target, _) = try target(of: text, keyword: "$ref", source)
            source.add("$ref", .reference(target))
        }
        guard source.rules.dialect == .draft2020, let text = try source.string("$dynamicRef", index) else { return }
        let (target, anchor) = try target(of: text, keyword: "$dynamicRef", source)
        if let anchor {
            program.hasDynamicReferences = true
            source.add("$dynamicRef", .dynamicReference(target, anchor: anchor))
        } else {
            source.add("$dynamicRef", .reference(target))
        }
    }

    /// The schema, and the name if it is that of a dynamic anchor.
    private mutating func target(
        of text: String, keyword: String, _ source: SchemaSource
    ) throws(JSONSchemaError) -> (SchemaProgram.Reference, anchor: String?) {
        let place = source.location.appending([keyword])
        let (location, anchor) = try index.resolve(text, in: source.resource, at: place)
        guard let value = index.value(at: location) else {
            throw index.error(.unresolvedReference, "'\(text)' leads nowhere", at: place)
        }
        let target = schema(value, at: location, keyword: keyword)
        let owner = index.resources[program.nodes[target].resource]
        return (target, anchor.flatMap { owner.dynamicAnchors.contains($0) ? $0 : nil })
    }

    /// Throws for schemas that come back to themselves without going into the value.
    private func refuseLoops() throws(JSONSchemaError) {
        enum State { case new, open, done }
        var states = [State](repeating: .new, count: program.nodes.count)
        for start in program.nodes.indices where states[start] == .new {
            var path = [(node: start, next: program.nodes[start].rules.flatMap(\.rule.inPlace)[...])]
            states[start] = .open
            while let (node, next) = path.last {
                guard let target = next.first else {
                    states[node] = .done
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next = next.dropFirst()
                switch states[target] {
                case .done: continue
                case .open:
                    let looping = program.nodes[node]
                    throw JSONSchemaError(
                        .endlessReference, "the schema refers back to itself without end", in: looping.document,
                        at: looping.pointer)
                case .new:
                    states[target] = .open
                    path.append((target, program.nodes[target].rules.flatMap(\.rule.inPlace)[...]))
                }
            }
        }
    }
}
