import DeploymentModel
import Git

/// What is left of one file of the registry once it has been judged: everything that is to be said of it, and what the
/// other files have to be held against. The spec itself is let go, so that a registry of any size can be judged.
struct Judgement: Sendable, Hashable {
    struct Processor: Sendable, Hashable {
        let ref: ProcessorRef
        /// What is said of its pins, if nothing else is wrong with it.
        let pins: [Diagnostic]
        /// What is said of its build, if nothing else is wrong with it.
        var builds: [Diagnostic] = []
    }

    let path: String
    /// What is wrong with the file by itself and with its schemas.
    var diagnostics: [Diagnostic] = []
    var processor: Processor?
    var support: CrossChecks.Support?
    /// A policy that lets nothing of a published version change.
    var isStrict = false
    var references: [SpecReference] = []
    /// What a lane has to be held against the environments for.
    var lane: CrossChecks.Lane?
    /// The environments that the file describes.
    var environments: [CrossChecks.Place] = []
    /// What it was judged by, beside its own bytes and path.
    var grounds = Grounds()

    /// What a judgement holds on to: it is as good as new as long as all of this is the same.
    struct Grounds: Sendable, Hashable {
        /// The schemas of the registry that were asked for by id, with the blob of each, `nil` for one that is not there.
        var schemas: [String: ObjectID?] = [:]
        /// The places in the tree that a build was judged by.
        var places: [String: TreeListing.Mark] = [:]
    }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    var facts: CrossChecks.Facts {
        CrossChecks.Facts(
            path: path, ref: processor?.ref, support: support, references: references, lane: lane,
            environments: environments)
    }
}
