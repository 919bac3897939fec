import ContentCache
import DeploymentModel
import JSON

/// Specs as bytes, for the cache alone: whatever is not as it was written is no spec.
extension ProcessorSpec {
    /// - Parameters:
    ///   - text: its canonical text.
    ///   - hash: its hash.
    func write(to writer: inout ByteWriter, text: ArraySlice<UInt8>, hash: String) {
        writer.put(ref)
        writer.put(isEnabled)
        image.write(to: &writer)
        writer.put(build) { $1.write(to: &$0) }
        runtime.write(to: &writer)
        writer.put(secrets.required) { $0.put($1) }
        writer.put(secrets.optional) { $0.put($1) }
        api.write(to: &writer)
        writer.put(references) { $0.put($1) }
        writer.put(text.count)
        writer.put(raw: text)
        writer.put(hash)
        writer.part { contract.value.write(to: &$0) }
        writer.part { particulars.value.write(to: &$0) }
    }

    init(from reader: inout ByteReader, path: String) throws(ByteReader.Malformed) {
        ref = try reader.ref()
        self.path = path
        isEnabled = try reader.bool()
        image = try ImageSpec(from: &reader)
        build = try reader.optional { (reader) throws(ByteReader.Malformed) in try BuildSpec(from: &reader) }
        runtime = try RuntimeLimits(from: &reader)
        secrets = SecretNames(required: try reader.texts(), optional: try reader.texts())
        api = try ProcessorAPI(from: &reader)
        references = try reader.list { (reader) throws(ByteReader.Malformed) in try reader.reference() }
        document = .text(try reader.raw(try reader.number()))
        knownHash = try reader.text()
        // What these lie in is checked by its hash, so that they can be taken up later without a failure.
        let contract = try reader.part()
        self.contract = Deferred {
            var reader = contract
            return (try? ProcessorContract(from: &reader))
                ?? ProcessorContract(inputs: nil, outputs: .files([]), predicates: PredicatesSpec(), smoke: SmokeSpec())
        }
        let particulars = try reader.part()
        self.particulars = Deferred {
            var reader = particulars
            return (try? SpecParticulars(from: &reader)) ?? SpecParticulars(places: [:])
        }
    }
}

extension ProcessorContract {
    fileprivate func write(to writer: inout ByteWriter) {
        outputs.write(to: &writer)
        writer.put(inputs) { $0.put($1) }
        for predicates in [predicates.admission, predicates.success] {
            writer.put(predicates) { writer, predicate in
                writer.put(predicate.id.description)
                writer.put(predicate.arguments)
            }
        }
        writer.put(smoke.inputs) { $0.put($1) }
        writer.put(smoke.expect) { $0.put($1) }
        writer.put(smoke.startupSeconds)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        self.init(
            inputs: nil, outputs: try OutputsSpec(from: &reader), predicates: PredicatesSpec(), smoke: SmokeSpec())
        inputs = try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.json() }
        predicates = PredicatesSpec(admission: try reader.predicates(), success: try reader.predicates())
        smoke = SmokeSpec(
            inputs: try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.json() },
            expect: try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.json() },
            startupSeconds: try reader.number())
    }
}

extension SpecParticulars {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.put(title) { $0.put($1) }
        writer.put(summary) { $0.put($1) }
        writer.put(places) { writer, place in
            writer.put(place.key)
            writer.put(place.value)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        title = try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.text() }
        summary = try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.text() }
        let places = try reader.list { (reader) throws(ByteReader.Malformed) in (try reader.text(), try reader.span()) }
        self.places = Dictionary(places) { first, _ in first }
    }
}

extension ImageSpec {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.put(slots) { $1.write(to: &$0) }
        writer.put(defaultPlatform) { $0.put($1) }
        writer.put(track) { $0.put($1) }
        writer.put(repository) { $0.put($1) }
        writer.put(single) { $1.write(to: &$0) }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        slots = try reader.platforms { (reader) throws(ByteReader.Malformed) in try PinSlot(from: &reader) }
        defaultPlatform = try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.platform() }
        track = try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.image() }
        repository = try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.image() }
        single = try reader.optional { (reader) throws(ByteReader.Malformed) in try PinSlot(from: &reader) }
    }
}

extension PinSlot {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.put(text)
        writer.put(span)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        self.init(text: try reader.text(), span: try reader.span())
    }
}

extension BuildSpec {
    func write(to writer: inout ByteWriter) {
        writer.put(context)
        writer.put(dockerfile)
        writer.put(args) { writer, argument in
            writer.put(argument.key)
            writer.put(argument.value)
        }
        writer.put(target) { $0.put($1) }
        for list in [options.cacheFrom, options.cacheTo, options.secrets, options.attestations.map(\.rawValue)] {
            writer.put(list) { $0.put($1) }
        }
    }

    init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        context = try reader.text()
        dockerfile = try reader.text()
        let pairs = try reader.list { (reader) throws(ByteReader.Malformed) in (try reader.text(), try reader.text()) }
        args = Dictionary(pairs) { first, _ in first }
        target = try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.text() }
        options = BuildOptions(
            cacheFrom: try reader.texts(), cacheTo: try reader.texts(), secrets: try reader.texts(),
            attestations: try reader.list { (reader) throws(ByteReader.Malformed) in
                try reader.word(BuildOptions.Attestation.self)
            })
    }
}

extension RuntimeLimits {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.put(bits: cpu.bitPattern)
        writer.put(memoryBytes)
        writer.put(timeoutSeconds)
        writer.put(gpu) { $0.put($1) }
        for number in [
            scaling.minContainers, scaling.maxContainers, scaling.bufferContainers, scaling.scaledownSeconds,
            scaling.maxInputs,
        ] {
            writer.put(number) { $0.put($1) }
        }
        writer.put(isPublic)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        self.init(
            cpu: Double(bitPattern: try reader.bits()), memoryBytes: try reader.number(),
            timeoutSeconds: try reader.number(),
            gpu: try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.text() },
            scaling: ScalingLimits(
                minContainers: try reader.limit(), maxContainers: try reader.limit(),
                bufferContainers: try reader.limit(), scaledownSeconds: try reader.limit(),
                maxInputs: try reader.limit()),
            isPublic: try reader.bool())
    }
}

extension ProcessorAPI {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.put(transport.rawValue)
        writer.put(dialect == .request)
        writer.put(runPath)
        writer.put(healthPath)
        writer.put(port)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        self.init(
            transport: try reader.word(Transport.self), dialect: try reader.bool() ? .request : .run,
            runPath: try reader.text(), healthPath: try reader.text(), port: try reader.number())
    }
}

extension OutputsSpec {
    fileprivate func write(to writer: inout ByteWriter) {
        switch self {
        case .files(let files):
            writer.put(0)
            writer.put(files) { writer, file in
                writer.put(file.path)
                writer.put(file.mime) { $0.put($1) }
            }
        case .prefixes(let prefixes):
            writer.put(1)
            writer.put(prefixes) { $0.put($1) }
        case .schema(let schema):
            writer.put(2)
            writer.put(schema)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Malformed) {
        switch try reader.number() {
        case 0:
            self = .files(
                try reader.list { (reader) throws(ByteReader.Malformed) in
                    DeclaredOutput(
                        path: try reader.text(),
                        mime: try reader.optional { (reader) throws(ByteReader.Malformed) in try reader.text() })
                })
        case 1: self = .prefixes(try reader.texts())
        case 2: self = .schema(try reader.json())
        default: throw ByteReader.Malformed()
        }
    }
}

extension ByteReader {
    fileprivate mutating func texts() throws(Malformed) -> [String] {
        try list { (reader) throws(Malformed) in try reader.text() }
    }

    fileprivate mutating func limit() throws(Malformed) -> Int? {
        try optional { (reader) throws(Malformed) in try reader.number() }
    }

    fileprivate mutating func word<Word: RawRepresentable<String>>(_: Word.Type) throws(Malformed) -> Word {
        guard let word = Word(rawValue: try text()) else { throw Malformed() }
        return word
    }

    fileprivate mutating func predicates() throws(Malformed) -> [PredicateSpec] {
        try list { (reader) throws(Malformed) in
            PredicateSpec(id: try reader.specID(), arguments: try reader.members())
        }
    }
}
