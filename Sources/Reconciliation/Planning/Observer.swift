package import DeploymentModel

/// Looks at the world: records, OCI registry and containers.
package struct Observer: Sendable {
    private let store: any StateStore
    private let registry: any ImageRegistry
    private let engine: any ContainerEngine
    private let refreshesBases: Bool

    /// - Parameter refreshesBases: whether to ask if the tags that builds are based on have moved.
    package init(
        store: any StateStore, registry: any ImageRegistry, engine: any ContainerEngine, refreshesBases: Bool = false
    ) {
        self.store = store
        self.registry = registry
        self.engine = engine
        self.refreshesBases = refreshesBases
    }

    /// How many questions are under way at once.
    private static let width = 16

    /// What is there of what is desired. What cannot be seen of a single ref is in `failures`.
    ///
    /// - Throws: `Failure` when the records cannot be read or no container engine answers.
    package func observe(_ desired: DesiredState) async throws(Failure) -> ObservedState {
        var state = try await kept(of: desired)
        let builds = state.builds
        var open: [DesiredProcessor] = []
        let containers = Dictionary(grouping: state.containers, by: \.ref)
        for processor in desired.processors {
            if !refreshesBases, let (image, id) = settled(processor, state, containers[processor.ref] ?? []) {
                state.imageIDs[image] = id
            } else {
                open.append(processor)
            }
        }
        await withTaskGroup(of: Seen.self) { group in
            var waiting = open[...]
            for processor in waiting.prefix(Self.width) {
                group.addTask { await look(processor, builds) }
            }
            waiting = waiting.dropFirst(Self.width)
            for await seen in group {
                seen.enter(&state)
                if let next = waiting.popFirst() { group.addTask { await look(next, builds) } }
            }
        }
        return state
    }

    /// What records and engine know without being asked about single processors. The three have nothing to do with each
    /// other, and so none waits for the other.
    private func kept(of desired: DesiredState) async throws(Failure) -> ObservedState {
        var state = ObservedState()
        async let builds = Self.result { () async throws(Failure) in
            try await store.builds(desired.processors.flatMap(Self.ids))
        }
        async let records = Self.result { () async throws(Failure) in
            try await store.records(of: desired.environment)
        }
        async let containers = Self.result { () async throws(Failure) in try await engine.containers() }
        state.builds = try await builds.get()
        state.records = try await records.get()
        state.containers = try await containers.get()
        return state
    }

    /// `async let` does not carry typed errors, so they travel in values.
    @concurrent private static func result<Value: Sendable>(
        _ body: @Sendable () async throws(Failure) -> Value
    ) async -> Result<Value, Failure> {
        do throws(Failure) {
            return .success(try await body())
        } catch { return .failure(error) }
    }

    /// The image that a container runs which is recorded as tested with these very inputs and this spec. Nothing else has
    /// to be asked about it: a run without a change costs one look at the containers, however many processors there are.
    /// (That the OCI registry still has what is pinned is another question, and `verify-pins` asks it.)
    private func settled(
        _ processor: DesiredProcessor, _ state: ObservedState, _ containers: [ObservedContainer]
    ) -> (image: ImageReference, id: String)? {
        guard case .build(let recipe) = processor.source, let record = state.records[processor.ref],
            let applied = record.applied, let binding = record.binding, let image = applied.pins[binding.platform],
            applied.specHash == processor.processor.specHash, applied.keys == recipe.keys,
            recipe.keys.allSatisfy({ platform, key in
                applied.pins[platform] != nil
                    && state.builds[BuildRecord.ID(key, in: recipe.repository)]?.image == applied.pins[platform]
            })
        else { return nil }
        let runs = containers.contains {
            $0.isRunning && $0.imageID == binding.imageID && $0.specHash == applied.specHash
        }
        return runs ? (image, binding.imageID) : nil
    }

    /// What the build records alone know of a processor.
    package func recorded(_ processor: DesiredProcessor) async throws(Failure) -> [Platform: ImageReference] {
        guard case .build(let recipe) = processor.source else { return [:] }
        let builds = try await store.builds(Self.ids(processor))
        return recipe.keys.compactMapValues { builds[BuildRecord.ID($0, in: recipe.repository)]?.image }
    }

    /// The images of one processor, as far as there are any: nothing of the engine is asked.
    package func images(of processor: DesiredProcessor) async throws(Failure) -> [Platform: ImageReference] {
        switch processor.source {
        case .build(let recipe):
            var builds = try await store.builds(Self.ids(processor))
            for build in try await contentTags(processor.ref, recipe, besides: builds) { builds[build.id] = build }
            var images: [Platform: ImageReference] = [:]
            for (platform, key) in recipe.keys {
                guard let image = builds[BuildRecord.ID(key, in: recipe.repository)]?.image,
                    try await registry.contains(image)
                else { continue }
                images[platform] = image
            }
            return images
        case .track(let tag): return try await registry.platforms(of: tag)
        case .pinned: return processor.pins
        }
    }

    private static func ids(_ processor: DesiredProcessor) -> [BuildRecord.ID] {
        guard case .build(let recipe) = processor.source else { return [] }
        return recipe.keys.values.map { BuildRecord.ID($0, in: recipe.repository) }
    }

    private struct Seen: Sendable {
        let ref: ProcessorRef
        var failure: Failure?
        var builds: [BuildRecord] = []
        var missing: [ImageReference] = []
        var movedBases: [BuildRecord.ID: [ImageReference]] = [:]
        var tracked: (tag: ImageReference, images: [Platform: ImageReference])?
        var imageIDs: [ImageReference: String] = [:]

        func enter(_ state: inout ObservedState) {
            if let failure { state.failures[ref] = failure }
            for build in builds { state.builds[build.id] = build }
            state.missingImages.formUnion(missing)
            state.movedBases.merge(movedBases) { first, _ in first }
            if let tracked { state.tracked[tracked.tag] = tracked.images }
            state.imageIDs.merge(imageIDs) { first, _ in first }
        }
    }

    /// Builds that others made and no record here tells of: the OCI registry has them under their content tags.
    private func contentTags(
        _ ref: ProcessorRef, _ recipe: BuildRecipe, besides builds: [BuildRecord.ID: BuildRecord]
    ) async throws(Failure) -> [BuildRecord] {
        let unknown = recipe.keys.filter { builds[BuildRecord.ID($0.value, in: recipe.repository)] == nil }
        guard !unknown.isEmpty else { return [] }
        let tags = try await registry.tags(of: recipe.repository)
        var found: [BuildRecord] = []
        for (platform, key) in unknown.sorted(by: { $0.key < $1.key }) {
            // More than one is no harm: the least digest is as good for everybody.
            guard let tag = tags.filter({ $0.hasPrefix(key.contentTagPrefix(platform)) }).min(),
                let image = try await registry.platforms(of: recipe.repository.tagged(tag))[platform],
                image.digest.map({ tag == key.contentTag(platform, $0) }) == true
            else { continue }
            found.append(
                BuildRecord(
                    key: key, ref: ref, platform: platform, image: image, commit: recipe.commit, builder: "content tag")
            )
        }
        return found
    }

    private func look(_ processor: DesiredProcessor, _ builds: [BuildRecord.ID: BuildRecord]) async -> Seen {
        var seen = Seen(ref: processor.ref)
        do throws(Failure) {
            var images: [ImageReference] = []
            switch processor.source {
            case .build(let recipe):
                seen.builds = try await contentTags(processor.ref, recipe, besides: builds)
                let records = Self.ids(processor).compactMap { builds[$0] }
                let known = records.map(\.image)
                for image in known where !(try await registry.contains(image)) { seen.missing.append(image) }
                images = known + seen.builds.map(\.image)
                if refreshesBases {
                    for record in records {
                        let moved = try await movedBases(of: record)
                        if !moved.isEmpty { seen.movedBases[record.id] = moved }
                    }
                }
            case .track(let tag):
                let children = try await registry.platforms(of: tag)
                seen.tracked = (tag, children)
                images = Array(children.values)
            case .pinned: images = Array(processor.pins.values)
            }
            for image in images {
                if let id = try await engine.imageID(of: image) { seen.imageIDs[image] = id }
            }
        } catch { seen.failure = error }
        return seen
    }

    /// The base images of a build whose tags stand for something else by now.
    private func movedBases(of record: BuildRecord) async throws(Failure) -> [ImageReference] {
        var moved: [ImageReference] = []
        for base in record.bases ?? [] {
            guard let tag = base.tag, let now = try await registry.digest(of: base.tagged(tag)), now != base.digest
            else { continue }
            moved.append(base.tagged(tag))
        }
        return moved
    }
}
