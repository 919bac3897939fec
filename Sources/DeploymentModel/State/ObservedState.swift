/// What was seen of the world before a plan was made.
package struct ObservedState: Sendable {
    package var builds: [BuildRecord.ID: BuildRecord] = [:]
    package var records: [ProcessorRef: RefRecord] = [:]
    /// Those of this environment.
    package var containers: [ObservedContainer] = []
    /// What is deployed; `nil` where the target is Docker.
    package var functions: FunctionAudit?
    /// Apps that this environment did not name, so that they are not its to stop.
    package var unnamedApps: Set<String> = []
    /// What syncing the values at hand would do to secrets; empty where none are to be synced.
    package var secretChanges: [String: SecretChange] = [:]
    /// The engine's image id for a digest that it holds; absent when it holds no such image.
    package var imageIDs: [ImageReference: String] = [:]
    /// Digests that the OCI registry was asked for and does not have.
    package var missingImages: Set<ImageReference> = []
    /// Base images of known builds that their tags have left: what they are now.
    package var movedBases: [BuildRecord.ID: [ImageReference]] = [:]
    /// What the tracked tags point at now.
    package var tracked: [ImageReference: [Platform: ImageReference]] = [:]
    /// What could not be observed, and so cannot be planned.
    package var failures: [ProcessorRef: Failure] = [:]

    package init() {}
}

/// Whose an app on Modal is, by its name.
package enum AppOwner: Hashable, Sendable {
    /// The environment that is looked at.
    case environment
    /// Another branch's or user's, or somebody's who does without Pinion.
    case others
    /// Nobody can tell: apps are named by their refs alone.
    case unknown
}

/// A container that carries Pinion's label.
package struct ObservedContainer: Hashable, Sendable, Codable {
    package let id: String
    package let name: String
    package let ref: ProcessorRef
    /// The id of the image that it really runs.
    package let imageID: String
    /// What the engine was told to run: by digest, or by the id of a local build.
    package let image: String?
    /// The names of the secrets that it was started with.
    package let secretNames: [String]
    package let isRunning: Bool
    /// The spec hash that it was started for (label `dev.pinion.spec`).
    package let specHash: String?
    /// The port on loopback that leads to its server; absent while it does not run.
    package let hostPort: Int?
    /// Whose it is; `nil` where nobody said.
    package let owner: ContainerOwner?

    package init(
        id: String, name: String, ref: ProcessorRef, imageID: String, isRunning: Bool, specHash: String?,
        hostPort: Int?, image: String? = nil, secretNames: [String] = [], owner: ContainerOwner? = nil
    ) {
        self.owner = owner
        self.id = id
        self.name = name
        self.ref = ref
        self.imageID = imageID
        self.isRunning = isRunning
        self.specHash = specHash
        self.hostPort = hostPort
        self.image = image
        self.secretNames = secretNames
    }
}
