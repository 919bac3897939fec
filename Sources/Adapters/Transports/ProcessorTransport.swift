package import DeploymentModel
package import JSON

/// Carries one run to a processor and its answer back, unchecked.
package protocol ProcessorTransport: Sendable {
    /// Runs once; gives the envelope as it was sent. There is no deadline in here: cancelling the task ends the run.
    ///
    /// - Parameter report: gets each event as it arrives; the processor waits until it returns.
    /// - Throws: `Failure` with `ERR_NETWORK` (no connection), `ERR_WS_…` or `ERR_BAD_RESPONSE` (no envelope).
    func run(
        _ payload: RunPayload, at endpoint: ProcessorEndpoint,
        report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> JSONValue
}
