import DeploymentModel
import Git
import RegistryCatalog

/// Why a processor runs in an environment as it does, from the commit to the deployment, or what is missing, as JSON has it.
struct WhyDocument: Encodable {
    static let format = "pinion.why/1"

    enum State: String, Encodable {
        /// The environment runs what it wants.
        case runs
        /// Something is missing: `block`.
        case blocked
    }

    /// What was looked at.
    struct Seen: Encodable {
        /// The folder of the repository, or the remote's address.
        let place: String
        /// Claims that the remote was asked just now. A folder is taken as it is.
        let isFetched: Bool
        /// RFC 3339: when it was fetched last, as far as that is known.
        let time: String?
        /// Why it was not fetched.
        let reason: String?
    }

    /// The record of the build that gave an image.
    struct Build: Encodable {
        let platform: String
        let key: InputKey
        let image: ImageReference
        let commit: String
        let builder: String
        /// What its `FROM` lines stood for; absent when the builder did not tell.
        let bases: [ImageReference]?
        let record: WhyStage.Entry?

        init(_ build: BuildRecord, _ entry: WhyStage.Entry?) {
            platform = build.platform.oci
            key = build.key
            image = build.image
            commit = build.commit
            builder = build.builder
            bases = build.bases
            record = entry
        }
    }

    /// Where it is said which digests these are.
    struct Pin: Encodable {
        enum Kind: String, Encodable {
            /// A commit of Pinion's on the branch.
            case commit
            /// The spec, where somebody wrote them.
            case spec
            /// The environment's record alone.
            case record
        }

        let kind: Kind
        let pins: [String: ImageReference]
        let commit: WhyStage.Entry?

        init(_ kind: Kind, _ pins: [Platform: ImageReference], _ commit: WhyStage.Entry?) {
            self.kind = kind
            self.pins = Dictionary(pins.map { ($0.key.oci, $0.value) }) { first, _ in first }
            self.commit = commit
        }
    }

    struct Inputs: Encodable {
        let commit: String
        /// By platform: `linux/amd64`.
        let keys: [String: InputKey]
        let pins: [String: ImageReference]
    }

    struct Change: Encodable {
        /// `file`, `dockerfile`, `argument`, `target`; `sight` for an unchanged file that is seen now, or no longer.
        let part: String
        /// `added`, `removed`, `changed`.
        let change: String
        /// A path in the repository, or the name of a build argument.
        let name: String?
        /// Of the Dockerfile.
        let line: Int?
        let old: String?
        let new: String?
        /// The commit that changed it, where git can tell.
        let commit: String?
        let subject: String?

        init(_ change: InputKeyDifference.Change) {
            self.change = change.kind.rawValue
            (old, new) = (change.old, change.new)
            (commit, subject) = (change.commit?.id.hex, change.commit?.subject)
            switch change.part {
            case .file(let path): (part, name, line) = ("file", path, nil)
            case .dockerfileLine(let path, let number): (part, name, line) = ("dockerfile", path, number)
            case .dockerfilePath: (part, name, line) = ("dockerfile", nil, nil)
            case .argument(let name): (part, self.name, line) = ("argument", name, nil)
            case .target: (part, name, line) = ("target", nil, nil)
            case .sight(let path): (part, name, line) = ("sight", path, nil)
            }
        }
    }

    let version = Self.format
    let ref: String
    let environment: String
    var state = State.blocked
    /// The first link that is missing.
    var block: WhyBlock?
    let seen: Seen
    /// What the environment has recorded; absent when there is no record.
    var recorded: Inputs?
    /// The newest pin commit; absent when there is none.
    var pinned: Inputs?
    let now: Inputs
    /// Absent when there is nothing to compare with.
    var changes: [Change]?
    /// The builds of what runs, else of what is recorded, else of the inputs now; by platform.
    var builds: [Build] = []
    var pin: Pin?
    /// From the one that reads the branch to the one that is asked about.
    var stages: [WhyStage] = []
    /// Why a comparison says less than it should.
    var note: String?

    init(_ ref: ProcessorRef, environment: String, at commit: Commit, _ build: ProcessorBuild?, seen: Seen) {
        self.ref = ref.description
        self.environment = environment
        self.seen = seen
        now = Inputs(commit: commit.id.hex, keys: build?.inputs?.keys ?? [:], pins: build?.spec.image.pins ?? [:])
    }
}

extension WhyDocument.Inputs {
    init(_ revision: RefRecord.Revision) {
        self.init(commit: revision.commit, keys: revision.keys, pins: revision.pins)
    }

    init(_ pinned: PinTrailers) {
        self.init(commit: pinned.commit.id.hex, keys: pinned.keys, pins: pinned.pins)
    }

    fileprivate init(commit: String, keys: [Platform: InputKey], pins: [Platform: ImageReference]) {
        self.init(
            commit: commit, keys: Dictionary(uniqueKeysWithValues: keys.map { ($0.key.oci, $0.value) }),
            pins: Dictionary(uniqueKeysWithValues: pins.map { ($0.key.oci, $0.value) }))
    }
}
