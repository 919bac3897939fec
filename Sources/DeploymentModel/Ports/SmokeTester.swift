package import JSON

/// Runs a processor once and believes its answer only after checking it.
package protocol SmokeTester: Sendable {
    /// Waits until the processor is healthy, runs it, checks envelope, index and outputs.
    ///
    /// - Parameter report: gets what the processor tells on the way (tokens, log lines, phases).
    /// - Throws: `Failure`; its detail holds the container's last log lines when the processor is at fault.
    func smoke(_ request: SmokeRequest, report: @escaping @Sendable (String) -> Void) async throws(Failure)
        -> SmokeVerdict
}

/// One smoke test of a running container.
package struct SmokeRequest: Hashable, Sendable {
    package let ref: ProcessorRef
    package let containerID: String
    package let hostPort: Int
    package let image: ImageReference
    package let platform: Platform
    package let api: ProcessorAPI
    package let inputs: JSONValue
    /// A JSON Schema that the envelope has to fit.
    package let expectation: JSONValue?
    package let outputs: [DeclaredOutput]
    package let executionID: String
    /// How long it may take to become healthy.
    package let startupSeconds: Int
    /// How long the run may take.
    package let timeoutSeconds: Int

    package init(
        ref: ProcessorRef, containerID: String, hostPort: Int, image: ImageReference, platform: Platform,
        api: ProcessorAPI, inputs: JSONValue, expectation: JSONValue? = nil, outputs: [DeclaredOutput],
        executionID: String, startupSeconds: Int,
        timeoutSeconds: Int
    ) {
        self.ref = ref
        self.containerID = containerID
        self.hostPort = hostPort
        self.image = image
        self.platform = platform
        self.api = api
        self.inputs = inputs
        self.expectation = expectation
        self.outputs = outputs
        self.executionID = executionID
        self.startupSeconds = startupSeconds
        self.timeoutSeconds = timeoutSeconds
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
