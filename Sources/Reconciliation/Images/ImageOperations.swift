package import DeploymentModel

/// Build, push, pull and pin, each by itself: the steps of a reconcile for those who take them one by one, in jobs of
/// their own or on another machine. Each does exactly one thing.
package struct ImageOperations: Sendable {
    let services: Services
    let run: String
    let log: EventLog
    let environment: String
    let pinMode: PinMode
    let commit: String
    let now: @Sendable () -> Int
    let discard: @Sendable (String) -> Void

    /// How many local builds of a ref and platform are kept.
    static let keptBuilds = 3

    /// - Parameters:
    ///   - run: the id of the run, for the trailers of pins.
    ///   - desired: the environment, and where its pins go.
    ///   - now: seconds since 1970-01-01 00:00:00 UTC, for the names of local builds.
    ///   - discard: removes a context archive when it is no longer needed.
    package init(
        _ services: Services, run: String, log: EventLog, of desired: DesiredState, now: @escaping @Sendable () -> Int,
        discard: @escaping @Sendable (String) -> Void
    ) {
        self.services = services
        self.run = run
        self.log = log
        environment = desired.environment
        pinMode = desired.pinMode
        commit = desired.commit
        self.now = now
        self.discard = discard
    }

    /// Builds from the commit and leaves the images in the local engine; nothing is pushed.
    package func build(_ processor: DesiredProcessor, for platforms: [Platform]) async -> [ImageOutcome] {
        guard case .build(let recipe) = processor.source else {
            return [failed(processor.ref, .build, Self.builtElsewhere(processor))]
        }
        let archive: ContextArchive
        do throws(Failure) {
            archive = try await services.contexts.archive(of: recipe)
        } catch { return [failed(processor.ref, .build, error)] }
        defer { discard(archive.path) }
        return await each(platforms, of: processor.ref, .build) { platform throws(Failure) in
            guard let key = recipe.keys[platform] else {
                throw Failure(.imageBuild, "\(processor.ref) has no input key for \(platform.oci)")
            }
            let tag = BuildTag(secondsSinceEpoch: now(), platform: platform)
            let name = recipe.repository.tagged(tag.description)
            let names = [name, recipe.repository.tagged(key.localTag(platform))]
            try await services.builder.build(
                BuildRequest(processor.ref, platform, recipe, archive), as: names
            ) { log.add(processor.ref, .build, platform: platform, .log($0)) }
            try await removeOlderBuilds(of: recipe.repository, platform)
            return ImageOutcome(processor.ref, platform, name, "built from \(recipe.commit.prefix(7))")
        }
    }

    /// Pushes the local builds of the commit's inputs, and makes them those that everybody pins.
    package func push(_ processor: DesiredProcessor, for platforms: [Platform]) async -> [ImageOutcome] {
        guard case .build(let recipe) = processor.source else {
            return [failed(processor.ref, .push, Self.builtElsewhere(processor))]
        }
        return await each(platforms, of: processor.ref, .push) { platform throws(Failure) in
            guard let key = recipe.keys[platform] else {
                throw Failure(.imagePush, "\(processor.ref) has no input key for \(platform.oci)")
            }
            let local = recipe.repository.tagged(key.localTag(platform))
            guard try await services.localImages.names(of: recipe.repository).contains(local) else {
                throw Failure(
                    .imagePush, "the engine has no build of \(processor.ref) for \(platform.oci) with these inputs",
                    remedy: "Build it: pinion build \(processor.ref) --platform \(platform)")
            }
            // Pushed under a name that tells the time, which no other push can take away in between.
            let name = recipe.repository.tagged(
                BuildTag(secondsSinceEpoch: now(), platform: platform).description)
            try await services.localImages.tag(local, as: name)
            try await services.localImages.push(name) {
                log.add(processor.ref, .push, platform: platform, .log($0))
            }
            guard let digest = try await services.registry.platforms(of: name)[platform]?.digest else {
                throw Failure(
                    .imagePlatform, "the build of \(processor.ref) that was pushed is not for \(platform.oci)")
            }
            let image = try await services.publish(
                BuiltImage(digest: digest), ref: processor.ref, platform: platform, recipe: recipe)
            let text = image.digest == digest ? "pushed" : "another build of the same inputs was there first"
            return ImageOutcome(processor.ref, platform, image, text)
        }
    }

    /// Fetches the pinned images into the local engine; of a tag that is tracked, what it stands for now.
    package func pull(_ processor: DesiredProcessor, for platforms: [Platform]) async -> [ImageOutcome] {
        await each(platforms, of: processor.ref, .pull) { platform throws(Failure) in
            var image = try await pins(of: processor)[platform]
            if image == nil, case .track(let tag) = processor.source {
                image = try await services.registry.platforms(of: tag)[platform]
                guard image != nil else {
                    throw Failure(.imagePlatform, "\(tag) has no image for \(platform.oci)")
                }
            }
            guard let image else {
                throw Failure(
                    .imageUnpinned, "\(processor.ref) is not pinned for \(platform.oci)",
                    remedy: "Pin it: pinion pin \(processor.ref)")
            }
            let id = try await services.engine.pull(image, platform: platform)
            return ImageOutcome(processor.ref, platform, image, "image id \(id.suffix(64).prefix(12))")
        }
    }

    /// The pins that count in the environment.
    func pins(of processor: DesiredProcessor) async throws(Failure) -> [Platform: ImageReference] {
        guard pinMode == .record else { return processor.pins }
        return try await services.store.records(of: environment)[processor.ref]?.desired.pins ?? processor.pins
    }

    private static func builtElsewhere(_ processor: DesiredProcessor) -> Failure {
        Failure(
            .imageBuild, "\(processor.ref) is not built here: its spec has no 'build'",
            remedy: "Fetch it with: pinion pull \(processor.ref)")
    }

    /// Local builds are for the loop at hand; of older ones a few are kept.
    private func removeOlderBuilds(of repository: ImageReference, _ platform: Platform) async throws(Failure) {
        let builds = try await services.localImages.names(of: repository).compactMap { name in
            name.tag.flatMap { BuildTag($0) }.map { (name, $0) }
        }
        let own = builds.filter { $0.1.platform == platform }.sorted { $0.1.stamp > $1.1.stamp }
        for (name, _) in own.dropFirst(Self.keptBuilds) { try? await services.localImages.untag(name) }
    }

    /// What fails for all platforms, before any of them began.
    private func failed(_ ref: ProcessorRef, _ step: RunEvent.Step, _ failure: Failure) -> ImageOutcome {
        log.add(ref, step, .started)
        log.add(ref, step, .failed(failure))
        return ImageOutcome(ref, nil, failure)
    }

    /// Does the same for each platform at once, between the events of a step.
    private func each(
        _ platforms: [Platform], of ref: ProcessorRef, _ step: RunEvent.Step,
        _ body: @escaping @Sendable (Platform) async throws(Failure) -> ImageOutcome
    ) async -> [ImageOutcome] {
        await withTaskGroup(of: ImageOutcome.self) { group in
            for platform in platforms {
                group.addTask {
                    log.add(ref, step, platform: platform, .started)
                    do throws(Failure) {
                        let outcome = try await body(platform)
                        log.add(ref, step, platform: platform, .finished(outcome.image?.description ?? outcome.text))
                        return outcome
                    } catch {
                        log.add(ref, step, platform: platform, .failed(error))
                        return ImageOutcome(ref, platform, error)
                    }
                }
            }
            var outcomes: [ImageOutcome] = []
            for await outcome in group { outcomes.append(outcome) }
            return outcomes.sorted { ($0.platform ?? .amd64) < ($1.platform ?? .amd64) }
        }
    }
}

extension ImageOperations {
    /// The images that were built from the commit's inputs, by whoever it was, or that its tag stands for, as far as the
    /// OCI registry has them.
    package func known(_ processor: DesiredProcessor) async throws(Failure) -> [Platform: ImageReference] {
        try await KnownImages(store: services.store, registry: services.registry).images(of: processor)
    }
}
