import DeploymentModel

extension Executor {
    /// Builds the missing platforms at once; gives all of them or fails, so that a pair stays a pair.
    func build(_ item: PlanItem) async throws(Failure) -> [Platform: ImageReference] {
        guard let recipe = item.recipe else { throw Failure(.imageBuild, "the plan has no recipe for \(item.ref)") }
        let archive: ContextArchive
        do throws(Failure) {
            archive = try await services.contexts.archive(of: recipe)
        } catch {
            guard !Task.isCancelled else { throw Failure.interruption }
            log.add(item.ref, .build, .failed(error))
            throw error
        }
        defer { discard(archive.path) }
        let results = await withTaskGroup(of: (Platform, Result<ImageReference, Failure>).self) { group in
            for platform in item.builds {
                group.addTask {
                    // Swift 6.3, when it optimizes, loses the other element of a tuple in which a case is made of what is
                    // awaited, so the result comes first.
                    let result: Result<ImageReference, Failure>
                    do throws(Failure) {
                        result = .success(
                            try await build(item.ref, platform, recipe, archive, item.replaces[platform]))
                    } catch { result = .failure(error) }
                    return (platform, result)
                }
            }
            var results: [Platform: Result<ImageReference, Failure>] = [:]
            for await (platform, result) in group { results[platform] = result }
            return results
        }
        var images: [Platform: ImageReference] = [:]
        for (platform, result) in results.sorted(by: { $0.key < $1.key }) { images[platform] = try result.get() }
        return images
    }

    private func build(
        _ ref: ProcessorRef, _ platform: Platform, _ recipe: BuildRecipe, _ archive: ContextArchive,
        _ replaced: ImageReference?
    ) async throws(Failure) -> ImageReference {
        try await step(ref, .build, platform) { () throws(Failure) -> (ImageReference, String) in
            let built = try await services.builder.build(
                BuildRequest(ref, platform, recipe, archive)
            ) { line in
                log.add(ref, .build, platform: platform, .log(line))
            }
            let kept = try await services.publish(
                built, ref: ref, platform: platform, recipe: recipe, replacing: replaced)
            return (kept, kept.digest?.short ?? "")
        }
    }
}

extension BuildRequest {
    init(_ ref: ProcessorRef, _ platform: Platform, _ recipe: BuildRecipe, _ archive: ContextArchive) {
        self.init(
            ref: ref, platform: platform, repository: recipe.repository, contextArchive: archive.path,
            dockerfile: archive.dockerfile, hidden: archive.hidden, args: recipe.args, target: recipe.target,
            options: recipe.options)
    }
}

extension Services {
    /// Looks into a pair before it is pinned.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PLATFORM` when an image is not what its slot says.
    func inspect(_ images: [Platform: ImageReference], warn: (String) -> Void) async throws(Failure) {
        for warning in try await registry.inspectPair(images) { warn(warning) }
    }

    /// Gives images that are about to be pinned the content tags that they lack: a run that ended right after it recorded
    /// its build has left none, and what has no tag may be cleaned away. Where tags may not be written, that is a warning.
    func tag(
        _ images: [Platform: ImageReference], keys: [Platform: InputKey], warn: (String) -> Void
    ) async {
        for (platform, image) in images.sorted(by: { $0.key < $1.key }) {
            guard let key = keys[platform], let digest = image.digest else { continue }
            let tag = key.contentTag(platform, digest)
            do throws(Failure) {
                if try await registry.tags(of: image).contains(tag) { continue }
                try await registry.tag(image, as: tag)
            } catch { warn("\(image) has no tag \(tag) that would keep it from being cleaned away: \(error.message)") }
        }
    }

    /// Makes a pushed image the one that everybody pins for its input key, unless somebody else's is that already.
    ///
    /// - Parameter replaced: the image of the record that gives way.
    /// - Returns: the image that counts: the first writer's.
    /// - Throws: `Failure` with `ERR_IMAGE_PLATFORM` when it is not for the platform, and what records and registry throw.
    func publish(
        _ built: BuiltImage, ref: ProcessorRef, platform: Platform, recipe: BuildRecipe,
        replacing replaced: ImageReference? = nil
    ) async throws(Failure) -> ImageReference {
        guard let key = recipe.keys[platform] else {
            throw Failure(.imageBuild, "\(ref) has no input key for \(platform.oci)")
        }
        let image = recipe.repository.pinned(to: built.digest)
        // What the OCI registry holds decides, not what the builder says.
        let actual = try await registry.platform(of: image)
        guard actual == platform else {
            throw Failure(
                .imagePlatform, "the build of \(ref) for \(platform.oci) gave an image for \(actual.oci)",
                remedy: "Take '--platform' out of the last FROM of \(recipe.dockerfile).")
        }
        let kept = try await store.keep(
            BuildRecord(
                key: key, ref: ref, platform: platform, image: image, commit: recipe.commit, builder: builder.name,
                bases: built.bases),
            replacing: replaced)
        if let digest = kept.image.digest {
            // The index has the image's attestations; the content tag keeps both.
            let tagged = kept.image == image ? built.index.map(recipe.repository.pinned) ?? image : kept.image
            try await registry.tag(tagged, as: key.contentTag(platform, digest))
        }
        return kept.image
    }
}
