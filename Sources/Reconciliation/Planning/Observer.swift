package import DeploymentModel

/// Looks at the world: records, OCI registry and containers.
package struct Observer: Sendable {
    private let store: any StateStore
    private let registry: any ImageRegistry
    private let engine: any ContainerEngine

    package init(store: any StateStore, registry: any ImageRegistry, engine: any ContainerEngine) {
        self.store = store
        self.registry = registry
        self.engine = engine
    }

    /// How many questions are under way at once.
    private static let width = 16

    /// What is there of what is desired. What cannot be seen of a single ref is in `failures`.
    ///
    /// - Throws: `Failure` when the records cannot be read or no container engine answers.
    package func observe(_ desired: DesiredState) async throws(Failure) -> ObservedState {
        var state = ObservedState()
        let keys = desired.processors.flatMap { processor -> [InputKey] in
            if case .build(let recipe) = processor.source { Array(recipe.keys.values) } else { [] }
        }
        state.builds = try await store.builds(of: keys)
        state.records = try await store.records(of: desired.environment)
        state.containers = try await engine.containers()
        let builds = state.builds
        await withTaskGroup(of: Seen.self) { group in
            var waiting = desired.processors[...]
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

    private struct Seen: Sendable {
        let ref: ProcessorRef
        var failure: Failure?
        var builds: [BuildRecord] = []
        var missing: [ImageReference] = []
        var tracked: (tag: ImageReference, images: [Platform: ImageReference])?
        var imageIDs: [ImageReference: String] = [:]

        func enter(_ state: inout ObservedState) {
            if let failure { state.failures[ref] = failure }
            for build in builds { state.builds[build.key] = build }
            state.missingImages.formUnion(missing)
            if let tracked { state.tracked[tracked.tag] = tracked.images }
            state.imageIDs.merge(imageIDs) { first, _ in first }
        }
    }

    /// Builds that others made and no record here tells of: the OCI registry has them under their content tags.
    private func contentTags(
        _ ref: ProcessorRef, _ recipe: BuildRecipe, besides builds: [InputKey: BuildRecord]
    ) async throws(Failure) -> [BuildRecord] {
        let unknown = recipe.keys.filter { builds[$0.value]?.image.repository != recipe.repository.repository }
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

    private func look(_ processor: DesiredProcessor, _ builds: [InputKey: BuildRecord]) async -> Seen {
        var seen = Seen(ref: processor.ref)
        do throws(Failure) {
            var images: [ImageReference] = []
            switch processor.source {
            case .build(let recipe):
                seen.builds = try await contentTags(processor.ref, recipe, besides: builds)
                let known = recipe.keys.values.compactMap { builds[$0]?.image }
                for image in known where !(try await registry.contains(image)) { seen.missing.append(image) }
                images = known + seen.builds.map(\.image)
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
}
