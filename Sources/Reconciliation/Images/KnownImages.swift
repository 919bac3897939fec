import DeploymentModel

/// The images that records and OCI registry know of processors.
struct KnownImages: Sendable {
    let store: any StateStore
    let registry: any ImageRegistry

    /// What the build records alone know of a processor.
    func recorded(_ processor: DesiredProcessor) async throws(Failure) -> [Platform: ImageReference] {
        guard case .build(let recipe) = processor.source else { return [:] }
        let builds = try await store.builds(Self.ids(processor))
        return recipe.keys.compactMapValues { builds[BuildRecord.ID($0, in: recipe.repository)]?.image }
    }

    /// The images of one processor, as far as there are any: nothing of the engine is asked.
    func images(of processor: DesiredProcessor) async throws(Failure) -> [Platform: ImageReference] {
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
        case .recorded(let revision): return revision.pins
        }
    }

    static func ids(_ processor: DesiredProcessor) -> [BuildRecord.ID] {
        guard case .build(let recipe) = processor.source else { return [] }
        return recipe.keys.values.map { BuildRecord.ID($0, in: recipe.repository) }
    }

    /// Builds that others made and no record here tells of: the OCI registry has them under their content tags.
    func contentTags(
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
}
