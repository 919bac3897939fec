/// Runs a processor once in mode `mock` and believes its answer only after checking it.
package protocol SmokeTester: Sendable {
    /// Starts the image in a container of its own, without secrets and cut off from the network, waits until it is
    /// healthy, runs it, checks envelope, index and outputs, and removes it.
    ///
    /// - Parameter report: gets what the processor tells on the way (tokens, log lines, phases).
    /// - Throws: `Failure`; its detail holds the container's last log lines when the processor is at fault.
    func smoke(_ request: SmokeRequest, report: @escaping @Sendable (String) -> Void) async throws(Failure)
        -> SmokeVerdict

    /// Waits until a container that was started to stay is healthy.
    ///
    /// - Throws: `Failure` with `ERR_HEALTH` and the container's last log lines.
    func awaitHealth(of container: ObservedContainer, processor: Processor) async throws(Failure)
}

/// One smoke test of an image.
package struct SmokeRequest: Hashable, Sendable {
    package let processor: Processor
    package let image: ImageReference
    package let platform: Platform
    package let executionID: String

    package init(processor: Processor, image: ImageReference, platform: Platform, executionID: String) {
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
