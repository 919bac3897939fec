/// The containers of this host.
package protocol ContainerEngine: Sendable {
    /// All containers that carry the label `dev.pinion.ref`, stopped ones too.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER` when no engine answers.
    func containers() async throws(Failure) -> [ObservedContainer]

    /// The engine's id for the image with this digest, `nil` when the engine does not hold it.
    func imageID(of image: ImageReference) async throws(Failure) -> String?

    /// Pulls the image with this digest unless the engine holds it, and gives its id.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` or `ERR_DOCKER`.
    func pull(_ image: ImageReference, platform: Platform) async throws(Failure) -> String

    /// Creates and starts a container, or takes the one that another run starts for the same ref, image and spec at the
    /// same time.
    func start(_ spec: ContainerSpec) async throws(Failure) -> ObservedContainer

    /// How the container is now; `nil` when it is gone.
    func state(of id: String) async throws(Failure) -> ContainerState?

    /// The last lines that the container wrote to stdout and stderr.
    func logTail(of id: String, lines: Int) async throws(Failure) -> String

    /// Stops the container (SIGTERM, then SIGKILL after the grace period, in seconds) and removes it. A container that
    /// is gone is no error.
    func remove(_ id: String, graceSeconds: Int) async throws(Failure)

    /// The address of this host as containers see it, for servers that processors call back; `nil` when unknown.
    func gatewayAddress() async throws(Failure) -> String?
}

/// A container to be started.
package struct ContainerSpec: Hashable, Sendable, Codable {
    package let name: String
    package let ref: ProcessorRef
    package let specHash: String
    /// Always by digest.
    package let image: ImageReference
    package let platform: Platform
    /// The port of its server, published on loopback at a port that the engine chooses.
    package let port: Int
    package let environment: [String: String]
    package let limits: RuntimeLimits

    package init(
        name: String, ref: ProcessorRef, specHash: String, image: ImageReference, platform: Platform, port: Int,
        environment: [String: String], limits: RuntimeLimits
    ) {
        self.name = name
        self.ref = ref
        self.specHash = specHash
        self.image = image
        self.platform = platform
        self.port = port
        self.environment = environment
        self.limits = limits
    }
}

/// Whether a container runs, and how it ended.
package enum ContainerState: Hashable, Sendable {
    case running
    case exited(code: Int)
}

extension ContainerSpec {
    /// `pinion-<ref slug>-<first 12 hexadecimal digits of the image id>` (contract "Refs and names").
    package static func name(of ref: ProcessorRef, imageID: String) -> String {
        let hex = imageID.hasPrefix("sha256:") ? imageID.dropFirst("sha256:".count) : imageID[...]
        return "pinion-\(ref.refSlug)-\(hex.prefix(12))"
    }
}
