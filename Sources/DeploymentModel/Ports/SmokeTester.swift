/// Runs a processor once and believes its answer only after checking it.
package protocol SmokeTester: Sendable {
    /// Runs it in mode `mock` and checks envelope, index and outputs: in a container of its own, without secrets and cut
    /// off from the network, or where it is deployed.
    ///
    /// - Parameter report: gets what the processor tells on the way (tokens, log lines, phases).
    /// - Throws: `Failure`; its detail holds the container's last log lines when the processor is at fault.
    func smoke(_ request: SmokeRequest, report: @escaping @Sendable (String) -> Void) async throws(Failure)
        -> SmokeVerdict

    /// Runs the image in mode `real` in a container of its own, without its secrets and cut off from the network: it has
    /// to refuse with `ERR_MISSING_SECRET` (contract "Lanes", the negative probe).
    ///
    /// - Throws: `Failure` when it answers anything else; its detail holds the container's last log lines.
    func probe(_ request: SmokeRequest) async throws(Failure)

    /// Waits until a container that was started to stay is healthy.
    ///
    /// - Throws: `Failure` with `ERR_HEALTH` and the container's last log lines.
    func awaitHealth(of container: ObservedContainer, processor: Processor) async throws(Failure)
}

/// One smoke test of an image.
package struct SmokeRequest: Hashable, Sendable {
    /// Where it runs.
    package enum Place: Hashable, Sendable {
        /// In a container of its own on this host.
        case local
        /// Where it is deployed.
        case modal(FunctionName)
    }

    package let processor: Processor
    package let image: ImageReference
    package let platform: Platform
    package let executionID: String
    package let place: Place
    /// The engine's id of a local build that runs in place of the image.
    package let build: String?

    package init(
        processor: Processor, image: ImageReference, platform: Platform, executionID: String, place: Place = .local,
        build: String? = nil
    ) {
        self.place = place
        self.build = build
        self.processor = processor
        self.image = image
        self.platform = platform
        self.executionID = executionID
    }
}

/// What a passed smoke test showed.
package struct SmokeVerdict: Hashable, Sendable {
    /// How many outputs were written and checked.
    package let outputs: Int
    /// How many events were streamed before the envelope.
    package let events: Int

    package init(outputs: Int, events: Int) {
        self.outputs = outputs
        self.events = events
    }
}
