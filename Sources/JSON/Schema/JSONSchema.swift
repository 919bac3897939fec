/// A JSON Schema (draft-07 or 2020-12), compiled once to judge many values.
///
/// References are followed when it is compiled: nothing is looked up, parsed or fetched while a value is judged, and
/// documents elsewhere are known only through `resources`. What judges is as fast as its patterns are: they run on a
/// backtracking engine, so `(a+)+$` takes a time exponential in the length of a string that almost fits. Patterns of
/// an untrusted author belong in a process that can be stopped.
package struct JSONSchema: Sendable {
    let program: SchemaProgram

    /// What `format` does.
    package enum FormatUse: Sendable, Hashable {
        /// Nothing: it tells people what is meant. The default of both dialects.
        case annotation
        /// A string that is not of the format is a violation, for the formats of `SchemaFormat`; others say nothing.
        case assertion
    }

    /// Compiles a schema.
    ///
    /// - Parameters:
    ///   - document: The schema, an object or a Boolean.
    ///   - dialect: What the document is written in if it has no `$schema`; 2020-12 if `nil`.
    ///   - baseURI: Where the document is from, for its relative references; its own `$id` goes over it.
    ///   - formats: Whether `format` is judged.
    ///   - resources: The document of an absolute URI without fragment, or `nil`. The meta-schemas of both dialects are
    ///     built in.
    /// - Throws: The first thing that keeps the schema from being compiled; `check(schema:)` gives them all.
    package init(
        _ document: JSONValue, dialect: Dialect? = nil, baseURI: String = "", formats: FormatUse = .annotation,
        resources: @escaping (String) -> JSONValue? = { _ in nil }
    ) throws(JSONSchemaError) {
        var compiler = SchemaCompiler(
            index: SchemaIndex(resources: resources), assertsFormats: formats == .assertion)
        program = try compiler.compile(document, baseURI: baseURI, dialect: dialect ?? .draft2020)
    }

    /// Everything in the value that the schema forbids, ordered by place in the value, then by place in the schema.
    package func validate(_ instance: JSONValue) -> [SchemaViolation] {
        // Most values are valid, and to find that out needs no messages.
        if accepts(instance) { return [] }
        var evaluation = SchemaEvaluation(program: program, isRecording: true)
        _ = evaluation.evaluate(program.root, instance)
        let all = (evaluation.violations + [evaluation.exhaustion].compactMap { $0 }).sorted()
        // A schema that is referred to twice finds everything twice.
        return all.enumerated().filter { $0.offset == 0 || all[$0.offset - 1] != $0.element }.map(\.element)
    }

    /// Whether the schema allows the value; faster than `validate` for one that it doesn't.
    package func accepts(_ instance: JSONValue) -> Bool {
        var evaluation = SchemaEvaluation(program: program, isRecording: false)
        return evaluation.evaluate(program.root, instance) && evaluation.exhaustion == nil
    }
}
