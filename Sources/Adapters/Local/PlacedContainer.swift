import DeploymentModel
import JSON

/// A container to be started for one run.
struct ContainerStart: Sendable {
    let processor: Processor
    /// By digest, or the engine's id of a local build.
    let image: String
    /// The engine's id of that image.
    let imageID: String
    let platform: Platform
    /// With the values of secrets, if the run has any.
    let environment: [String: String]
    let isIsolated: Bool
    let world: String?
}

/// A container that a run takes place in, and how it is reached.
struct PlacedContainer: Sendable {
    let container: ObservedContainer
    let endpoint: ProcessorEndpoint
    /// Opens a place that the processor can upload to, for one receiver; gives `nil` when it reaches nothing here.
    let uploads: @Sendable () throws(Failure) -> ArtifactReceiver.Place?
    /// How it is cut off; `nil` when it is not.
    let isolation: Isolation?
    /// What the user should know of this.
    let notes: [String]
    /// Whether it lasts for this run only.
    var isFresh = true

    /// The envelope with what was seen from outside, beside what the processor says of itself.
    func told(_ checked: CheckedEnvelope, _ warnings: [String]) -> CheckedEnvelope {
        var meta = checked.envelope.meta
        meta["observed_image_id"] = .string(container.imageID)
        meta["isolation"] = isolation.map { .string($0.rawValue) }
        let envelope = Envelope(
            executionID: checked.envelope.executionID, outcome: checked.envelope.outcome, meta: meta)
        return CheckedEnvelope(envelope: envelope, warnings: notes + checked.warnings + warnings)
    }
}

/// A container that stays for several runs of one caller.
package struct KeptContainer: Sendable {
    let placed: PlacedContainer

    /// The engine's id of it.
    package var id: String { placed.container.id }

    /// Where its server is reached from this host as long as it is kept: `http://127.0.0.1:40123`.
    package var origin: String { placed.endpoint.origin }
}

/// How a run's container is cut off from networks.
package enum Isolation: String, Hashable, Sendable, CaseIterable {
    /// It has its own loopback and nothing else. Needs Linux, the engine on this machine, and `CAP_SYS_ADMIN`.
    case namespace
    /// It is on a network that leads nowhere. Ports of this host that are open on all addresses can be reached from it.
    /// Needs the engine on this machine.
    case internalNetwork = "internal-network"
    /// It is not: no better way exists on this engine. The run says so.
    case none
}
