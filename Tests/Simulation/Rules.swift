import DeploymentModel
import Reconciliation
import Synchronization
import TestSupport

/// What has to hold at every moment.
final class Rules: Sendable {
    private struct State {
        var broken: String?
        /// The image that was pinned for an input key.
        var images: [InputKey: ImageReference] = [:]
        var pinsSeen = 0
        /// The digests that build records have told of at some time, or that were tested where they come from.
        var built: Set<String> = []
        /// The records as they were when a run was about to write them whose lease is lost.
        var fenced: (run: String, records: [ProcessorRef: RefRecord])?
    }

    private let environment: String
    private let world: SimulatedWorld
    private let modal: SimulatedModal
    private let state = Mutex(State())

    init(_ environment: String, _ world: SimulatedWorld, _ modal: SimulatedModal) {
        self.environment = environment
        self.world = world
        self.modal = modal
    }

    /// Notes that a rule does not hold.
    func broken(_ rule: String) {
        state.withLock { if $0.broken == nil { $0.broken = "\(environment): \(rule)" } }
    }

    /// Sees an effect that is about to happen.
    func witness(_ run: SimulatedRun, _ entry: String) {
        checkFence()
        if entry == "record" { fence(run) }
        let builds = world.now.builds.values.compactMap(\.image.digest?.hex)
        state.withLock { $0.built.formUnion(builds) }
        let words = entry.split(separator: " ").map(String.init)
        guard words.count == 2, ["deploy", "rollover"].contains(words[0]) else { return }
        // Lease safety: whoever changes an app is alone with it.
        let leases = world.now.leases[environment] ?? [:]
        let covering = leases.values.filter { lease in
            lease.refs.contains { $0.refSlug == words[1] } && !lease.isOver(at: world.now.time)
        }
        if covering.contains(where: { $0.run != run.id }) {
            broken("\(run.id) does '\(entry)' while \(covering.map(\.run)) has the lease")
        }
        if !covering.contains(where: { $0.run == run.id }) {
            broken("\(run.id) does '\(entry)' without a lease")
        }
    }

    /// No value of a secret is anywhere.
    func read(_ text: String) {
        if text.contains(Simulation.canary) { broken("a value of a secret is in: \(text.prefix(200))") }
    }

    /// What was tested where it comes from may run here.
    func proven(_ digests: Set<String>) { state.withLock { $0.built.formUnion(digests) } }

    /// An image that the OCI registry lost is built anew, and may be another one then.
    func lost(_ image: ImageReference) {
        state.withLock { $0.images = $0.images.filter { $0.value != image } }
    }

    /// Notes what is recorded when a run is about to write whose lease is lost: another one has had its refs since.
    private func fence(_ run: SimulatedRun) {
        let leases = world.now.leases[environment] ?? [:]
        guard let own = leases[run.id] else { return }
        let isLost = leases.values.contains { $0.run != run.id && $0.epoch > own.epoch && $0.overlaps(own) }
        if isLost { state.withLock { $0.fenced = (run.id, world.now.records) } }
    }

    private func checkFence() {
        guard
            let fenced = state.withLock({ state in
                defer { state.fenced = nil }
                return state.fenced
            })
        else { return }
        if fenced.records != world.now.records { broken("\(fenced.run) wrote records under a lease that it had lost") }
    }

    /// What a run says that it has recorded is there.
    func checkRecorded(_ plan: Plan) {
        for item in plan.items {
            let record = world.now.records[item.ref]
            let app = record?.binding.flatMap { modal.now.apps[$0.name] }
            if record?.applied == nil || record?.binding?.version != app?.version {
                broken("a run recorded \(item.ref), and the record does not tell of it")
            }
        }
    }

    func check() throws(RuleBroken) {
        checkFence()
        let now = world.now
        let seen = state.withLock { state in
            defer { state.pinsSeen = now.pins.count }
            return state.pinsSeen
        }
        for change in now.pins[seen...] {
            if Set(change.pins.keys) != Set(Platform.allCases) {
                broken("half a pin of \(change.ref): \(change.pins.keys.map(\.rawValue))")
            }
            for (platform, key) in change.keys {
                guard let image = change.pins[platform] else { continue }
                let first = state.withLock { state in
                    let first = state.images[key]
                    state.images[key] = image
                    return first
                }
                if let first, first != image { broken("the input key \(key.hex.prefix(8)) was pinned as two images") }
                if let actual = now.images[image], actual != platform {
                    broken("the pin of \(change.ref) for \(platform) is an image for \(actual)")
                }
            }
        }
        for (name, app) in modal.now.apps where app.tags["managed-by"] == FunctionSpec.manager {
            let digest = (app.tags["digest-0"] ?? "") + (app.tags["digest-1"] ?? "")
            let isBuilt = state.withLock { $0.built.contains(digest) }
            if !isBuilt { broken("\(name) runs \(digest.prefix(12)), which nobody has built and tested") }
        }
        // The records never mix revisions: what is applied was pinned for its own keys.
        for record in now.records.values {
            read("\(record)")
            for (platform, image) in record.applied?.pins ?? [:] where image.digest == nil {
                broken("the record of \(record.ref) has no digest for \(platform)")
            }
        }
        if let rule = state.withLock({ $0.broken }) { throw RuleBroken(rule: rule) }
    }
}
