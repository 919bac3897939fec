import DeploymentModel
import Git
import RegistryCatalog

/// What runs, from which inputs, and what changed in them since, as JSON has it.
struct WhyDocument: Encodable {
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

    let ref: String
    let environment: String
    /// Absent when the environment has no record of it.
    let recorded: Inputs?
    /// The newest pin commit; absent when there is none.
    let pinned: Inputs?
    let now: Inputs
    /// Absent when there is nothing to compare with.
    var changes: [Change]?
    /// Why a comparison says less than it should.
    var note: String?

    init(_ build: ProcessorBuild, environment: String, record: RefRecord?, pinned: PinTrailers?) {
        ref = build.spec.ref.description
        self.environment = environment
        recorded = record.map { Inputs(commit: $0.desired.commit, keys: $0.desired.keys, pins: $0.desired.pins) }
        self.pinned = pinned.map { Inputs(commit: $0.commit.id.hex, keys: $0.keys, pins: $0.pins) }
        now = Inputs(commit: build.commit.id.hex, keys: build.inputs?.keys ?? [:], pins: build.spec.image.pins)
    }
}

extension WhyDocument.Inputs {
    fileprivate init(commit: String, keys: [Platform: InputKey], pins: [Platform: ImageReference]) {
        self.init(
            commit: commit, keys: Dictionary(uniqueKeysWithValues: keys.map { ($0.key.oci, $0.value) }),
            pins: Dictionary(uniqueKeysWithValues: pins.map { ($0.key.oci, $0.value) }))
    }
}
