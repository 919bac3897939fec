import DeploymentModel
import Git
import Reconciliation
import Records
import RegistryCatalog

/// One environment on the way of a processor, by its records.
struct WhyStage: Encodable {
    struct Revision: Encodable {
        let commit: String
        let spec: String
        /// By platform: `linux/amd64`.
        let pins: [String: ImageReference]

        init(_ revision: RefRecord.Revision) {
            commit = revision.commit
            spec = revision.specHash
            pins = Dictionary(revision.pins.map { ($0.key.oci, $0.value) }) { first, _ in first }
        }
    }

    /// A commit on `refs/pinion/…` that recorded something.
    struct Entry: Encodable {
        let commit: String
        /// RFC 3339.
        let time: String
        let by: String
        let run: String?
        let subject: String

        init(_ commit: Commit) {
            self.commit = commit.id.hex
            time = Timestamp(seconds: Int(commit.time)).text
            by = commit.author
            run = commit.trailer("Pinion-Run")
            subject = commit.subject
        }
    }

    struct Proof: Encodable {
        enum State: String, Encodable {
            /// Passed, and young enough for the environment that takes over from here.
            case fresh
            case stale
            case missing
            /// It was passed once, and a later test took the verdict back.
            case revoked
        }

        let adapter: String
        let mode: String
        let state: State
        let platform: Platform?
        let digest: Digest?
        /// RFC 3339.
        let time: String?
        /// Claims that a gate asks for it.
        let isNeeded: Bool
    }

    struct Promotion: Encodable {
        let from: String
        let record: Entry
        /// Who approved it with a key that counts.
        let approvals: [String]
    }

    struct Deployment: Encodable {
        /// The app, or the container.
        let name: String
        let function: String?
        let version: Int?
        let record: Entry
    }

    struct Hold: Encodable {
        let by: String
        /// RFC 3339.
        let since: String
        let reason: String?
        let from: Revision
    }

    /// What the environment before it runs by now, and what stands in the way of taking it over.
    struct Next: Encodable {
        let revision: Revision
        /// None where it only has to be promoted.
        let blocks: [WhyBlock]
    }

    let environment: String
    let target: Target
    /// The branch whose catalog it wants; `nil` where it takes over from another environment, or HEAD says.
    let branch: String?
    let promotesFrom: String?
    /// What is recorded as wanted.
    var wants: Revision?
    /// The commit of the branch whose spec and inputs the record does not know yet; `nil` where it does.
    var waiting: String?
    var runs: Revision?
    /// Claims that it runs what it wants.
    var isSettled = false
    var evidence: [Proof] = []
    /// `nil` where it takes over from no other environment, or nothing yet.
    var promotion: Promotion?
    var deployment: Deployment?
    var hold: Hold?
    /// Who holds it now.
    var lease: Lease?
    /// What keeps it from running what it is to run; `nil` where nothing does.
    var block: WhyBlock?
    /// `nil` where it wants what the environment before it runs, or there is none before it.
    var next: Next?

    init(_ environment: EnvironmentSpec) {
        self.environment = environment.name
        target = environment.target
        branch = environment.branch
        promotesFrom = environment.promotesFrom
    }
}

/// The first link of a chain that is missing.
struct WhyBlock: Encodable {
    enum Link: String, Encodable {
        case catalog, inputs, build, pin, evidence, promotion, hold, approval, deployment, lease
    }

    let link: Link
    let environment: String
    let reason: String
    let remedy: String?
    /// Where the last try on this host ended.
    let failure: FailedStep?

    init(
        _ link: Link, _ environment: String, _ reason: String, remedy: String? = nil, failure: FailedStep? = nil
    ) {
        self.failure = failure
        self.link = link
        self.environment = environment
        self.reason = reason
        self.remedy = remedy
    }
}

extension Commit {
    /// The last value of a trailer of its message.
    func trailer(_ name: String) -> String? {
        message.split(separator: "\n").last { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }
}
