/// The containers of this host.
package protocol ContainerEngine: Sendable {
    /// All containers that carry the label `dev.pinion.ref` and were started to stay, stopped ones too.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER` when no engine answers.
    func containers() async throws(Failure) -> [ObservedContainer]

    /// The containers and networks that runs left behind which are over: each belongs to a process of this host that is
    /// no more.
    ///
    /// - Returns: how many were removed.
    func removeLeftovers() async throws(Failure) -> Int

    /// The engine's id for the image with this digest, `nil` when the engine does not hold it.
    func imageID(of image: ImageReference) async throws(Failure) -> String?

    /// Pulls the image with this digest unless the engine holds it, and gives its id.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` or `ERR_DOCKER`.
    func pull(_ image: ImageReference, platform: Platform) async throws(Failure) -> String

    /// Creates and starts a container. Where another owner's has the name, running or not, or one of the same owner that
    /// runs for something else, this one's goes on with `-<8 digits>` of its owner. One of the same owner that has stopped
    /// gives way; the one that another run of the owner starts for the same ref, image, spec and secrets at the same time
    /// is taken.
    ///
    /// - Returns: the container, and whether this call made it.
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` when the engine does not hold the image, `ERR_DOCKER` for the rest.
    func start(_ spec: ContainerSpec) async throws(Failure) -> (container: ObservedContainer, isNew: Bool)

    /// How the container is now; `nil` when it is gone.
    func state(of id: String) async throws(Failure) -> ContainerState?

    /// The last lines that the container wrote to stdout and stderr.
    func logTail(of id: String, lines: Int) async throws(Failure) -> String

    /// Stops the container (SIGTERM, then SIGKILL after the grace period, in seconds) and leaves it there.
    func stop(_ id: String, graceSeconds: Int) async throws(Failure)

    /// Stops the container (SIGTERM, then SIGKILL after the grace period, in seconds) and removes it. A container that
    /// is gone is no error.
    func remove(_ id: String, graceSeconds: Int) async throws(Failure)

    /// The address of this host as containers on the engine's bridge see it, for servers that processors call back; `nil`
    /// when unknown.
    func gatewayAddress() async throws(Failure) -> String?

    /// Makes a network that leads nowhere, for one run.
    func createNetwork(_ name: String, run: RunMark) async throws(Failure)

    /// Removes a network; one that is gone is no error.
    func removeNetwork(_ name: String) async throws(Failure)

    /// The addresses of a container, and of this host beside it, on a network; `nil` when it is not on it.
    func addresses(of id: String, on network: String) async throws(Failure) -> NetworkAddresses?

    /// Claims that a container has exactly these values of these variables, and this folder as its world.
    func container(_ id: String, has environment: [String: String], world: String?) async throws(Failure) -> Bool

    /// The id, on this host, of the first process of a running container; `nil` when it does not run or the engine is on
    /// another machine.
    func processID(of id: String) async throws(Failure) -> Int?
}

/// A container to be started.
package struct ContainerSpec: Hashable, Sendable {
    /// What a container can reach, and how it is reached.
    package enum Network: Hashable, Sendable {
        /// The engine's bridge; the server's port is published on loopback at a port that the engine chooses.
        case published
        /// Its own loopback and nothing else: no other host, and no port of this one.
        case none
        /// A network of this name that leads nowhere; the server is reached at the container's own address there.
        case `internal`(String)
    }

    package private(set) var name: String
    package let ref: ProcessorRef
    package let specHash: String
    /// By digest, or the engine's own id of a local build; never a tag.
    package let image: String
    package let platform: Platform
    /// The port of its server.
    package let port: Int
    package let environment: [String: String]
    /// Which of these variables are secrets.
    package let secretNames: [String]
    package let limits: RuntimeLimits
    package let network: Network
    /// Whose container it is, where it lasts for one run only.
    package let run: RunMark?
    /// Whether its root may be written to; its `/tmp` always may.
    package let hasWritableRoot: Bool
    /// A folder of the engine's host that is `/world` inside, to be read only.
    package let world: String?
    /// Whose it is, where it stays.
    package let owner: ContainerOwner?

    package init(
        name: String, processor: Processor, image: String, platform: Platform, environment: [String: String],
        secretNames: [String] = [], network: Network = .published, run: RunMark? = nil, hasWritableRoot: Bool = false,
        world: String? = nil, owner: ContainerOwner? = nil
    ) {
        self.owner = owner
        self.name = name
        ref = processor.ref
        specHash = processor.specHash
        self.image = image
        self.platform = platform
        port = processor.api.port
        self.environment = environment
        self.secretNames = secretNames
        limits = processor.runtime
        self.network = network
        self.run = run
        self.hasWritableRoot = hasWritableRoot
        self.world = world
    }
}

extension ContainerSpec {
    /// The same under another name.
    package func named(_ name: String) -> ContainerSpec {
        var spec = self
        spec.name = name
        return spec
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

/// Marks what lasts for one run, so that a later one can tell whether it was left behind.
package struct RunMark: Hashable, Sendable {
    /// `<host>/<process id>/<start of the process>`.
    package let text: String

    package init(_ text: String) { self.text = text }
}

/// Where a container and this host are on a network.
package struct NetworkAddresses: Hashable, Sendable {
    package let container: String
    package let host: String

    package init(container: String, host: String) {
        self.container = container
        self.host = host
    }
}
