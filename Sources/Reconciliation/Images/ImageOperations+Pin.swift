package import DeploymentModel

extension ImageOperations {
    /// Pins both platforms of a ref to what was built from its inputs, or to what its tag stands for. Both or neither:
    /// platforms that separate jobs built meet in the build records.
    ///
    /// - Parameter platform: only this slot is to change; the other one has to be right already.
    package func pin(_ processor: DesiredProcessor, only platform: Platform? = nil) async -> ImageOutcome {
        let ref = processor.ref
        log.add(ref, .pin, .started)
        do throws(Failure) {
            let outcome = try await pinned(processor, only: platform)
            log.add(ref, .pin, .finished(outcome.text))
            return outcome
        } catch {
            log.add(ref, .pin, .failed(error))
            return ImageOutcome(ref, platform, error)
        }
    }

    private func pinned(_ processor: DesiredProcessor, only: Platform?) async throws(Failure) -> ImageOutcome {
        let known = KnownImages(store: services.store, registry: services.registry)
        let current = try await pins(of: processor)
        if current.count == Platform.allCases.count, try await known.recorded(processor) == current {
            return ImageOutcome(processor.ref, nil, nil, "pinned already")
        }
        let images = try await known.images(of: processor)
        for platform in Platform.allCases where images[platform] == nil {
            throw unavailable(platform, of: processor)
        }
        guard current != images else { return ImageOutcome(processor.ref, nil, nil, "pinned already") }
        if let only, let other = Platform.allCases.first(where: { $0 != only && current[$0] != images[$0] }) {
            throw Failure(
                .imageUnpinned,
                "\(processor.ref) cannot be pinned for \(only) alone: its \(other) pin is of other inputs",
                remedy: "Pin both: pinion pin \(processor.ref)")
        }
        try await services.inspect(images) { log.add(processor.ref, .pin, .warning($0)) }
        let keys: [Platform: InputKey] = if case .build(let recipe) = processor.source { recipe.keys } else { [:] }
        await services.tag(images, keys: keys) { log.add(processor.ref, .pin, .warning($0)) }
        let digests = images.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.digest?.short ?? "")" }
            .joined(separator: ", ")
        guard pinMode != .record else {
            try await record(processor, images, keys)
            return ImageOutcome(processor.ref, nil, nil, "\(digests) in the record of \(environment)")
        }
        let commit = try await services.pins.commit(
            PinChange(ref: processor.ref, specPath: processor.specPath, pins: images, keys: keys, run: run))
        return ImageOutcome(
            processor.ref, nil, nil, "\(digests) \(commit.text)")
    }

    private func record(
        _ processor: DesiredProcessor, _ images: [Platform: ImageReference], _ keys: [Platform: InputKey]
    ) async throws(Failure) {
        let previous = try await services.store.records(of: environment)[processor.ref]
        let desired = RefRecord.Revision(
            commit: commit, specHash: processor.processor.specHash, pins: images, keys: keys)
        let record = RefRecord(
            ref: processor.ref, desired: desired, applied: previous?.applied, binding: previous?.binding,
            evidence: previous?.evidence ?? [])
        _ = try await services.store.write(
            [record], environment: environment,
            message: "pin: \(processor.ref)\n\nPinion-Ref: \(processor.ref)\nPinion-Run: \(run)\n")
    }

    private func unavailable(_ platform: Platform, of processor: DesiredProcessor) -> Failure {
        switch processor.source {
        case .build:
            let words = "\(processor.ref) --platform \(platform)"
            return Failure(
                .imageUnpinned, "no image of \(processor.ref) for \(platform.oci) was built from its inputs",
                remedy: "Here, or on a machine that shares the records: pinion build \(words) && pinion push \(words)")
        case .track(let tag):
            return Failure(
                .imagePlatform, "\(tag) has no image for \(platform.oci)",
                remedy: "Track a tag that has both platforms, linux/amd64 and linux/arm64.")
        case .pinned, .recorded:
            return Failure(
                .imageUnpinned,
                "image.platforms.\(platform) of \(processor.ref) is no digest, and nothing says where one is",
                remedy: "Add 'build' or 'image.track' to \(processor.specPath).")
        }
    }
}
