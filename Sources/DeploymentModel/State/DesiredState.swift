/// What an environment should be: what the catalog of one commit asks for.
package struct DesiredState: Hashable, Sendable {
    /// The environment's name: `local`, `dev`, …
    package let environment: String
    package let target: Target
    /// The branch whose tip was read; `nil` for a bare commit.
    package let branch: String?
    /// The commit that was read, 40 hexadecimal digits.
    package let commit: String
    /// `sha256:…` over the whole registry (contract "Snapshot").
    package let snapshotID: String
    package var pinMode: PinMode
    package var processors: [DesiredProcessor]
    /// Claims that every spec could be read, so that what is not here is not wanted.
    package var isComplete: Bool
    /// How often a step is tried.
    package var retry: RetryRule

    package init(
        environment: String, target: Target = .docker, branch: String?, commit: String, snapshotID: String,
        pinMode: PinMode, processors: [DesiredProcessor], isComplete: Bool = true, retry: RetryRule
    ) {
        self.environment = environment
        self.target = target
        self.branch = branch
        self.commit = commit
        self.snapshotID = snapshotID
        self.pinMode = pinMode
        self.processors = processors
        self.isComplete = isComplete
        self.retry = retry
    }

    /// The digests that a processor's spec names; none of a ref that is not desired.
    package func pins(of ref: ProcessorRef) -> [Platform: ImageReference] {
        processors.first { $0.ref == ref }?.pins ?? [:]
    }
}

/// What runs the processors of an environment.
package enum Target: String, Codable, Hashable, Sendable, CaseIterable {
    /// Docker on this host.
    case docker
    case modal
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
    package let processor: Processor
    /// The path of its spec in the repository.
    package let specPath: String
    package let source: ImageSource
    /// The names that it is deployed under; `nil` where the target is Docker.
    package let function: FunctionName?
    /// Claims that a rollback keeps it where it is.
    package let isHeld: Bool

    package init(
        _ processor: Processor, specPath: String, source: ImageSource, function: FunctionName? = nil,
        isHeld: Bool = false
    ) {
        self.isHeld = isHeld
        self.processor = processor
        self.specPath = specPath
        self.source = source
        self.function = function
    }

    package var ref: ProcessorRef { processor.ref }
    /// The digests that the spec itself names; a platform without a true pin is absent.
    package var pins: [Platform: ImageReference] { processor.pins }
    /// The keys of its inputs, as far as they are known without a look at a record; `nil` where nothing is built.
    package var keys: [Platform: InputKey]? {
        switch source {
        case .build(let recipe): recipe.keys
        case .recorded(let revision): revision.keys
        case .track, .pinned: nil
        }
    }

    /// Claims that a record says that it was brought up, with this spec and these inputs.
    package func isApplied(_ record: RefRecord?) -> Bool {
        guard let applied = record?.applied, applied.specHash == processor.specHash else { return false }
        return keys.map { $0 == applied.keys } ?? true
    }
}

/// Where a processor's image comes from.
package indirect enum ImageSource: Hashable, Sendable {
    case build(BuildRecipe)
    /// No build: the children that this tag has per platform are pinned.
    case track(ImageReference)
    /// Neither: the pins of the spec are all there is.
    case pinned
    /// What the environment's record says: it was promoted, or is held.
    case recorded(RefRecord.Revision)
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
