package import JSON

/// A processor as its spec declares it: everything that whoever starts, calls or tests it has to know.
package struct Processor: Hashable, Sendable {
    private let declared: Declared
    /// The digests in effect; a platform without a true pin is absent.
    package var pins: [Platform: ImageReference]

    /// What its spec declares beside pins: one object, because plans hand thousands of processors from here to there.
    private final class Declared: Hashable, Sendable {
        let ref: ProcessorRef
        let specHash: String
        let defaultPlatform: Platform?
        let runtime: RuntimeLimits
        let api: ProcessorAPI
        let secrets: SecretNames
        let contract: Deferred<ProcessorContract>

        init(
            _ ref: ProcessorRef, _ specHash: String, _ defaultPlatform: Platform?, _ runtime: RuntimeLimits,
            _ api: ProcessorAPI, _ secrets: SecretNames, _ contract: Deferred<ProcessorContract>
        ) {
            self.ref = ref
            self.specHash = specHash
            self.defaultPlatform = defaultPlatform
            self.runtime = runtime
            self.api = api
            self.secrets = secrets
            self.contract = contract
        }

        static func == (left: Declared, right: Declared) -> Bool {
            left === right
                || (left.ref, left.specHash, left.defaultPlatform, left.runtime, left.api, left.secrets)
                    == (right.ref, right.specHash, right.defaultPlatform, right.runtime, right.api, right.secrets)
                    && left.contract == right.contract
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(ref)
            hasher.combine(specHash)
        }
    }

    package var ref: ProcessorRef { declared.ref }
    /// SHA-256 over the spec without its pins, 64 hexadecimal digits.
    package var specHash: String { declared.specHash }
    /// The platform of a run where neither the adapter nor the caller has another; `nil` when the spec names none.
    package var defaultPlatform: Platform? { declared.defaultPlatform }
    package var runtime: RuntimeLimits { declared.runtime }
    package var api: ProcessorAPI { declared.api }
    package var secrets: SecretNames { declared.secrets }
    private var contract: Deferred<ProcessorContract> { declared.contract }

    /// The JSON Schema of its inputs.
    package var inputs: JSONValue? { contract.value.inputs }
    package var outputs: OutputsSpec { contract.value.outputs }
    package var predicates: PredicatesSpec { contract.value.predicates }
    package var smoke: SmokeSpec { contract.value.smoke }

    package init(
        ref: ProcessorRef, specHash: String, pins: [Platform: ImageReference] = [:], defaultPlatform: Platform? = nil,
        runtime: RuntimeLimits = RuntimeLimits(), api: ProcessorAPI = ProcessorAPI(),
        secrets: SecretNames = SecretNames(), inputs: JSONValue? = nil, outputs: OutputsSpec = .files([]),
        predicates: PredicatesSpec = PredicatesSpec(), smoke: SmokeSpec = SmokeSpec()
    ) {
        self.init(
            ref: ref, specHash: specHash, pins: pins, defaultPlatform: defaultPlatform, runtime: runtime, api: api,
            secrets: secrets,
            contract: Deferred(
                ProcessorContract(inputs: inputs, outputs: outputs, predicates: predicates, smoke: smoke)))
    }

    package init(
        ref: ProcessorRef, specHash: String, pins: [Platform: ImageReference], defaultPlatform: Platform?,
        runtime: RuntimeLimits, api: ProcessorAPI, secrets: SecretNames, contract: Deferred<ProcessorContract>
    ) {
        declared = Declared(ref, specHash, defaultPlatform, runtime, api, secrets, contract)
        self.pins = pins
    }

    /// The inputs of its mock smoke test: its own, else the first example of the inputs' schema.
    package var smokeInputs: JSONValue { contract.value.smokeInputs }
}

extension Processor: Codable {
    private enum Key: String, CodingKey {
        case ref, specHash, pins, defaultPlatform, runtime, api, secrets, inputs, outputs, predicates, smoke
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        self.init(
            ref: try fields.decode(ProcessorRef.self, forKey: .ref),
            specHash: try fields.decode(String.self, forKey: .specHash),
            pins: try fields.decode([Platform: ImageReference].self, forKey: .pins),
            defaultPlatform: try fields.decodeIfPresent(Platform.self, forKey: .defaultPlatform),
            runtime: try fields.decode(RuntimeLimits.self, forKey: .runtime),
            api: try fields.decode(ProcessorAPI.self, forKey: .api),
            secrets: try fields.decode(SecretNames.self, forKey: .secrets),
            inputs: try fields.decodeIfPresent(JSONValue.self, forKey: .inputs),
            outputs: try fields.decode(OutputsSpec.self, forKey: .outputs),
            predicates: try fields.decode(PredicatesSpec.self, forKey: .predicates),
            smoke: try fields.decode(SmokeSpec.self, forKey: .smoke))
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(ref, forKey: .ref)
        try fields.encode(specHash, forKey: .specHash)
        try fields.encode(pins, forKey: .pins)
        try fields.encodeIfPresent(defaultPlatform, forKey: .defaultPlatform)
        try fields.encode(runtime, forKey: .runtime)
        try fields.encode(api, forKey: .api)
        try fields.encode(secrets, forKey: .secrets)
        try fields.encodeIfPresent(inputs, forKey: .inputs)
        try fields.encode(outputs, forKey: .outputs)
        try fields.encode(predicates, forKey: .predicates)
        try fields.encode(smoke, forKey: .smoke)
    }
}

/// What a processor takes and gives.
package struct ProcessorContract: Hashable, Sendable {
    /// The JSON Schema of its inputs.
    package var inputs: JSONValue?
    package var outputs: OutputsSpec
    package var predicates: PredicatesSpec
    package var smoke: SmokeSpec

    package init(inputs: JSONValue?, outputs: OutputsSpec, predicates: PredicatesSpec, smoke: SmokeSpec) {
        self.inputs = inputs
        self.outputs = outputs
        self.predicates = predicates
        self.smoke = smoke
    }

    /// The inputs of its mock smoke test: its own, else the first example of the inputs' schema.
    package var smokeInputs: JSONValue { smoke.inputs ?? inputs?["examples"]?[0] ?? .object([:]) }
}

/// How much a processor may use.
package struct RuntimeLimits: Hashable, Sendable, Codable {
    package let cpu: Double
    package let memoryBytes: Int
    /// The longest that one run may take, in seconds.
    package let timeoutSeconds: Int
    package let gpu: String?
    package let scaling: ScalingLimits
    /// Whether its endpoint on Modal answers anybody; without, it asks for proxy keys.
    package let isPublic: Bool

    package init(
        cpu: Double = 1, memoryBytes: Int = 1 << 30, timeoutSeconds: Int = 600, gpu: String? = nil,
        scaling: ScalingLimits = ScalingLimits(), isPublic: Bool = false
    ) {
        self.cpu = cpu
        self.memoryBytes = memoryBytes
        self.timeoutSeconds = timeoutSeconds
        self.gpu = gpu
        self.scaling = scaling
        self.isPublic = isPublic
    }

    /// Whole mebibytes, as Modal counts them.
    package var memoryMB: Int { memoryBytes >> 20 }
}

/// How many containers a function has on Modal; what is `nil` is left to Modal.
package struct ScalingLimits: Hashable, Sendable, Codable {
    package var minContainers: Int?
    package var maxContainers: Int?
    package var bufferContainers: Int?
    /// How long an idle container stays, in seconds.
    package var scaledownSeconds: Int?
    /// How many runs one container takes at the same time.
    package var maxInputs: Int?

    package init(
        minContainers: Int? = nil, maxContainers: Int? = nil, bufferContainers: Int? = nil,
        scaledownSeconds: Int? = nil, maxInputs: Int? = nil
    ) {
        self.minContainers = minContainers
        self.maxContainers = maxContainers
        self.bufferContainers = bufferContainers
        self.scaledownSeconds = scaledownSeconds
        self.maxInputs = maxInputs
    }
}

/// How a processor is spoken to.
package struct ProcessorAPI: Hashable, Sendable, Codable {
    package enum Transport: String, Hashable, Sendable, Codable { case ws, http }

    /// The two ways in which `theory.run.v1` is spoken over WebSocket.
    package enum Dialect: String, Hashable, Sendable, Codable {
        /// `RunOpen` → `Ack` → events → `RunResult`.
        case run
        /// `Request` → `Ack` → events → `Response`, as newer processors do.
        case request
    }

    package let transport: Transport
    package let dialect: Dialect
    package let runPath: String
    package let healthPath: String
    /// The port that its server listens on inside the container.
    package let port: Int

    package init(
        transport: Transport = .ws, dialect: Dialect = .run, runPath: String = "/run", healthPath: String = "/healthz",
        port: Int = 8000
    ) {
        self.transport = transport
        self.dialect = dialect
        self.runPath = runPath
        self.healthPath = healthPath
        self.port = port
    }
}

/// Names of secrets; values are never held here.
package struct SecretNames: Hashable, Sendable, Codable {
    package let required: [String]
    package let optional: [String]

    package init(required: [String] = [], optional: [String] = []) {
        self.required = required
        self.optional = optional
    }
}

/// How a processor is smoke-tested.
package struct SmokeSpec: Hashable, Sendable, Codable {
    package var inputs: JSONValue?
    /// A JSON Schema of the envelope.
    package var expect: JSONValue?
    /// How long its server may take to become healthy, in seconds.
    package var startupSeconds = 15

    package init(inputs: JSONValue? = nil, expect: JSONValue? = nil, startupSeconds: Int = 15) {
        self.inputs = inputs
        self.expect = expect
        self.startupSeconds = startupSeconds
    }
}
