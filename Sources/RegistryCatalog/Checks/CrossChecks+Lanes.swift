import ContentCache
import DeploymentModel
import YAML

extension CrossChecks {
    /// What of an environment matters to lanes.
    struct Place: Sendable, Hashable {
        let name: String
        let isOnModal: Bool
        let promotesFrom: String?
    }

    /// What of a lane matters to environments.
    struct Lane: Sendable, Hashable {
        /// A name or a step, and where it stands.
        struct Mention: Sendable, Hashable {
            let text: String
            let span: SourceSpan
        }

        let environment: Mention
        /// The environment that it promotes from.
        let source: Mention?
        /// A step that only an environment on Modal has.
        let stepOnModal: Mention?
    }

    /// What a lane says of its environment has to be so.
    mutating func checkLanes(_ facts: [Facts]) {
        var places = Dictionary(facts.flatMap(\.environments).map { ($0.name, $0) }) { first, _ in first }
        let local = EnvironmentSpec.standardLocal
        places[local.name] = places[local.name] ?? Place(local)
        for fact in facts {
            guard let lane = fact.lane else { continue }
            func add(_ message: String, _ mention: Lane.Mention, _ fix: String) {
                diagnostics.append(
                    Diagnostic(.error, .spec, message, file: fact.path, at: mention.span, fix: fix))
            }
            let name = lane.environment.text
            guard let place = places[name] else {
                let near = nearest(to: name, among: places.keys.sorted()).map { "did you mean '\($0)'?" }
                add(
                    "there is no environment '\(name)' in \(EnvironmentSpec.file)", lane.environment,
                    near ?? "there is: \(places.keys.sorted().joined(separator: ", "))")
                continue
            }
            if let source = lane.source, place.promotesFrom != source.text {
                add(
                    "'\(name)' does not promote from '\(source.text)'", source,
                    place.promotesFrom.map { "it promotes from '\($0)'" }
                        ?? "write 'promotes_from: \(source.text)' for it in \(EnvironmentSpec.file)")
            }
            if let step = lane.stepOnModal, !place.isOnModal {
                add(
                    "'\(step.text)' is for environments on Modal, and '\(name)' is none", step,
                    "remove it, or name another environment")
            }
        }
    }
}

extension CrossChecks.Place {
    init(_ spec: EnvironmentSpec) {
        self.init(name: spec.name, isOnModal: spec.target == .modal, promotesFrom: spec.promotesFrom)
    }

    func write(to writer: inout ByteWriter) {
        writer.put(name)
        writer.put(isOnModal ? 1 : 0)
        writer.put(promotesFrom) { $0.put($1) }
    }

    init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        self.init(
            name: try reader.text(), isOnModal: try reader.number() == 1,
            promotesFrom: try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.text() })
    }
}

extension CrossChecks.Lane {
    init?(_ spec: LaneSpec) {
        guard let span = spec.places["environment"] else { return nil }
        environment = Mention(text: spec.environment, span: span)
        let sources = spec.steps.compactMap { step in
            if case .promote(let source) = step { source } else { nil }
        }
        source = spec.places[LaneStep.Kind.promote.rawValue].flatMap { span in
            sources.first.map { Mention(text: $0, span: span) }
        }
        stepOnModal = spec.firstStepOnModal.flatMap { step in
            let name = step.kind == .smoke ? "smoke on Modal" : step.kind.rawValue
            return spec.places[name].map { Mention(text: name, span: $0) }
        }
    }

    func write(to writer: inout ByteWriter) {
        environment.write(to: &writer)
        writer.put(source) { $1.write(to: &$0) }
        writer.put(stepOnModal) { $1.write(to: &$0) }
    }

    init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        environment = try Mention(from: &reader)
        source = try reader.optional { (reader) throws(ByteReader.Malformed) in try Mention(from: &reader) }
        stepOnModal = try reader.optional { (reader) throws(ByteReader.Malformed) in try Mention(from: &reader) }
    }
}

extension CrossChecks.Lane.Mention {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.put(text)
        writer.put(span)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        self.init(text: try reader.text(), span: try reader.span())
    }
}
