import DeploymentModel

extension Executor {
    /// Builds the missing platforms at once; gives all of them or fails, so that a pair stays a pair.
    func build(_ item: PlanItem) async throws(Failure) -> [Platform: ImageReference] {
        guard let recipe = item.recipe else { throw Failure(.imageBuild, "the plan has no recipe for \(item.ref)") }
        let archive: ContextArchive
        do throws(Failure) {
            archive = try await services.contexts.archive(of: recipe)
        } catch {
            log.add(item.ref, .build, .failed(error))
            throw error
        }
        defer { discard(archive.path) }
        let results = await withTaskGroup(of: (Platform, Result<ImageReference, Failure>).self) { group in
            for platform in item.builds {
                group.addTask {
                    do throws(Failure) {
                        return (platform, .success(try await build(item.ref, platform, recipe, archive)))
                    } catch { return (platform, .failure(error)) }
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
        _ ref: ProcessorRef, _ platform: Platform, _ recipe: BuildRecipe, _ archive: ContextArchive
    ) async throws(Failure) -> ImageReference {
        try await step(ref, .build, platform) { () throws(Failure) -> (ImageReference, String) in
            guard let key = recipe.keys[platform] else {
                throw Failure(.imageBuild, "\(ref) has no input key for \(platform.oci)")
            }
            let request = BuildRequest(
                ref: ref, platform: platform, repository: recipe.repository, contextArchive: archive.path,
                dockerfile: archive.dockerfile, args: recipe.args, target: recipe.target)
            let digest = try await services.builder.build(request) { line in
                log.add(ref, .build, platform: platform, .log(line))
            }
            let image = recipe.repository.pinned(to: digest)
            // What the OCI registry holds decides, not what the builder says.
            let actual = try await services.registry.platform(of: image)
            guard actual == platform else {
                throw Failure(
                    .imagePlatform, "the build of \(ref) for \(platform.oci) gave an image for \(actual.oci)",
                    remedy: "Take '--platform' out of the last FROM of \(recipe.dockerfile).")
            }
            let kept = try await services.store.keep(
                BuildRecord(
                    key: key, ref: ref, platform: platform, image: image, commit: recipe.commit,
                    builder: services.builder.name))
            if let digest = kept.image.digest {
                try await services.registry.tag(kept.image, as: key.contentTag(platform, digest))
            }
            return (kept.image, kept.image.digest?.short ?? "")
        }
    }
}
