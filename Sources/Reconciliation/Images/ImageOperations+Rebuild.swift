package import DeploymentModel

extension ImageOperations {
    /// Two builds of the same inputs.
    package struct Pair: Sendable {
        package let platform: Platform
        /// What everybody pins for these inputs, or a first build where there is none yet.
        package let first: ImageReference
        package let second: ImageReference
    }

    /// Builds anew what is recorded for the commit's inputs, to see whether the digest stays. What is built is pushed by
    /// digest alone; nothing is recorded, tagged or pinned.
    ///
    /// - Throws: what a build throws.
    package func rebuild(_ processor: DesiredProcessor, for platform: Platform) async throws(Failure) -> Pair {
        guard case .build(let recipe) = processor.source else {
            throw Failure(
                .imageBuild, "\(processor.ref) is not built here: its spec has no 'build'",
                remedy: "Ask those who build it.")
        }
        let known = KnownImages(store: services.store, registry: services.registry)
        let archive = try await services.contexts.archive(of: recipe)
        defer { discard(archive.path) }
        var first = try await known.images(of: processor)[platform]
        if first == nil { first = try await built(processor.ref, platform, recipe, archive) }
        let second = try await built(processor.ref, platform, recipe, archive)
        return Pair(platform: platform, first: first ?? second, second: second)
    }

    private func built(
        _ ref: ProcessorRef, _ platform: Platform, _ recipe: BuildRecipe, _ archive: ContextArchive
    ) async throws(Failure) -> ImageReference {
        log.add(ref, .build, platform: platform, .started)
        do throws(Failure) {
            let image = try await services.builder.build(BuildRequest(ref, platform, recipe, archive)) {
                log.add(ref, .build, platform: platform, .log($0))
            }
            log.add(ref, .build, platform: platform, .finished(image.digest.short))
            return recipe.repository.pinned(to: image.digest)
        } catch {
            log.add(ref, .build, platform: platform, .failed(error))
            throw error
        }
    }
}
