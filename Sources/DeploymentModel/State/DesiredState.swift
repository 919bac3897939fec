package import JSON

/// What an environment should be: what the catalog of one commit asks for.
package struct DesiredState: Hashable, Sendable {
    /// The environment's name: `local`, `dev`, …
    package let environment: String
    /// The branch whose tip was read; `nil` for a bare commit.
    package let branch: String?
    /// The commit that was read, 40 hexadecimal digits.
    package let commit: String
    /// `sha256:…` over the whole registry (contract "Snapshot").
    package let snapshotID: String
    package let pinMode: PinMode
    package let processors: [DesiredProcessor]
    /// Claims that every spec could be read, so that what is not here is not wanted.
    package let isComplete: Bool

    package init(
        environment: String, branch: String?, commit: String, snapshotID: String, pinMode: PinMode,
        processors: [DesiredProcessor], isComplete: Bool = true
    ) {
        self.environment = environment
        self.branch = branch
        self.commit = commit
        self.snapshotID = snapshotID
        self.pinMode = pinMode
        self.processors = processors
        self.isComplete = isComplete
    }
}

/// Where the digests of an environment are pinned.
package enum PinMode: String, Codable, Hashable, Sendable, CaseIterable {
    /// As a commit on the branch.
    case commit
    /// As a commit on `pinion/pins/<branch>`.
    case branch
    /// In the environment's record alone.
    case record
}

/// One processor as its spec asks for it.
package struct DesiredProcessor: Hashable, Sendable {
    package let ref: ProcessorRef
    /// The path of its spec in the repository.
    package let specPath: String
    /// SHA-256 over the spec without its pins, 64 hexadecimal digits.
    package let specHash: String
    package let source: ImageSource
    /// The digests that the spec itself names; a platform without a true pin is absent.
    package let pins: [Platform: ImageReference]
    package let runtime: RuntimeLimits
    package let api: ProcessorAPI
    package let secrets: SecretNames
    package let outputs: [DeclaredOutput]
    /// The inputs of its mock smoke test.
    package let smokeInputs: JSONValue
    /// A JSON Schema that the envelope of its smoke test has to fit.
    package let smokeExpectation: JSONValue?
    /// How long its server may take to become healthy, in seconds.
    package let startupSeconds: Int

    package init(
        ref: ProcessorRef, specPath: String, specHash: String, source: ImageSource,
        pins: [Platform: ImageReference], runtime: RuntimeLimits, api: ProcessorAPI, secrets: SecretNames,
        outputs: [DeclaredOutput], smokeInputs: JSONValue, smokeExpectation: JSONValue? = nil,
        startupSeconds: Int = 15
    ) {
        self.ref = ref
        self.specPath = specPath
        self.specHash = specHash
        self.source = source
        self.pins = pins
        self.runtime = runtime
        self.api = api
        self.secrets = secrets
        self.outputs = outputs
        self.smokeInputs = smokeInputs
        self.smokeExpectation = smokeExpectation
        self.startupSeconds = startupSeconds
    }
}

/// Where a processor's image comes from.
package enum ImageSource: Hashable, Sendable {
    case build(BuildRecipe)
    /// No build: the children that this tag has per platform are pinned.
    case track(ImageReference)
    /// Neither: the pins of the spec are all there is.
    case pinned
}

/// All that a build needs to know, but for the platform.
package struct BuildRecipe: Hashable, Sendable, Codable {
    /// Where the image is pushed to, without tag and digest.
    package let repository: ImageReference
    /// The commit whose tree holds the context.
    package let commit: String
    /// The context's folder in the repository, `""` for its root.
    package let context: String
    /// The Dockerfile's path in the repository.
    package let dockerfile: String
    package let args: [String: String]
    package let target: String?
    package let keys: [Platform: InputKey]
    package let options: BuildOptions

    package init(
        repository: ImageReference, commit: String, context: String, dockerfile: String, args: [String: String],
        target: String?, keys: [Platform: InputKey], options: BuildOptions = BuildOptions()
    ) {
        self.repository = repository
        self.commit = commit
        self.context = context
        self.dockerfile = dockerfile
        self.args = args
        self.target = target
        self.keys = keys
        self.options = options
    }
}

/// How much a processor may use.
package struct RuntimeLimits: Hashable, Sendable, Codable {
    package let cpu: Double
    package let memoryBytes: Int
    /// The longest that one run may take, in seconds.
    package let timeoutSeconds: Int
    package let gpu: String?

    package init(cpu: Double = 1, memoryBytes: Int = 1 << 30, timeoutSeconds: Int = 600, gpu: String? = nil) {
        self.cpu = cpu
        self.memoryBytes = memoryBytes
        self.timeoutSeconds = timeoutSeconds
        self.gpu = gpu
    }
}

/// How a processor is spoken to.
package struct ProcessorAPI: Hashable, Sendable, Codable {
    package enum Transport: String, Hashable, Sendable, Codable { case ws, http }

    package let transport: Transport
    package let runPath: String
    package let healthPath: String
    /// The port that its server listens on inside the container.
    package let port: Int

    package init(
        transport: Transport = .ws, runPath: String = "/run", healthPath: String = "/healthz", port: Int = 8000
    ) {
        self.transport = transport
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

/// One file that a processor promises to write, relative to the write prefix.
package struct DeclaredOutput: Hashable, Sendable, Codable {
    package let path: String
    package let mime: String?

    package init(path: String, mime: String? = nil) {
        self.path = path
        self.mime = mime
    }
}
