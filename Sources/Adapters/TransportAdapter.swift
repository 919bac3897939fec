package import DeploymentModel
package import JSON

/// The level beneath the uniform API (seed "Adapters"): moves one payload to a processor and its envelope back. It judges
/// neither inputs nor outputs, and keeps nothing.
package protocol TransportAdapter: Sendable {
    /// Sends a payload to the image that `oci` has for the platform.
    ///
    /// - Parameters:
    ///   - ref: the processor, for its API, limits and names.
    ///   - payload: `{execution_id, mode, inputs, write_prefix, put_urls?, schema: "v1"}`.
    ///   - timeout: the longest that the run may take, once the processor is healthy.
    ///   - oci: the pinned child digest of each platform.
    ///   - stream: gets each event as it arrives, and the processor waits until it returns; `nil` wants none.
    ///   - platform: in place of the adapter's own choice.
    /// - Returns: the envelope as it was sent.
    /// - Throws: `Failure` when there is none: `ERR_IMAGE_UNPINNED`, `ERR_IMAGE_PULL`, `ERR_HEALTH`, `ERR_TIMEOUT`,
    ///   `ERR_WS_…`, `ERR_BAD_RESPONSE`, `ERR_NETWORK`; on Modal also `ERR_FUNCTION_NOT_FOUND`, `ERR_REGISTRY_MISMATCH`,
    ///   `ERR_MISSING_SECRET`, `ERR_MODAL`.
    func invoke(
        ref: Processor, payload: JSONValue, timeout: Duration, oci: [Platform: ImageReference],
        stream: (@Sendable (ProcessorEvent) async -> Void)?, platform: Platform?
    ) async throws(Failure) -> JSONValue
}

extension LocalAdapter: TransportAdapter {
    package func invoke(
        ref processor: Processor, payload: JSONValue, timeout: Duration, oci: [Platform: ImageReference],
        stream: (@Sendable (ProcessorEvent) async -> Void)? = nil, platform: Platform? = nil
    ) async throws(Failure) -> JSONValue {
        let platform = platform ?? defaultPlatform(of: processor)
        let payload = try RunPayload(reading: payload)
        let start = try await start(
            of: processor, oci[platform], on: platform, isIsolated: payload.mode != RunMode.real.rawValue)
        return try await withContainer(start) { placed throws(Failure) in
            try await awaitHealth(of: placed, processor, on: platform)
            let late = Failure(.timeout, "\(processor.ref) did not finish within \(timeout)")
            return try await withDeadline(timeout, clock: surroundings.clock, failing: late) {
                () async throws(Failure) in
                try await transport(for: processor.api).run(payload, at: placed.endpoint, report: stream ?? { _ in })
            }
        }
    }

    /// A container for a processor's image, without secrets.
    func start(
        of processor: Processor, _ image: ImageReference?, on platform: Platform, isIsolated: Bool
    ) async throws(Failure) -> ContainerStart {
        guard let image else {
            throw Failure(
                .imageUnpinned, "\(processor.ref) is not pinned for \(platform.oci)",
                remedy: "Pin it: pinion pin \(processor.ref)")
        }
        let imageID = try await engine.pull(image, platform: platform)
        return ContainerStart(
            processor: processor, image: image.description, imageID: imageID, platform: platform,
            environment: ["IMAGE_DIGEST": image.digest?.description ?? ""], isIsolated: isIsolated, world: nil)
    }
}
