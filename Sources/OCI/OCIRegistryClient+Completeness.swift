package import DeploymentModel

extension OCIRegistryClient {
    /// What the registries lack of these images: the manifest itself, children of an index, configs and layers. Nothing is
    /// downloaded but manifests, and each manifest and blob is asked for once.
    ///
    /// - Parameter width: how many questions are under way at once.
    /// - Returns: for each image the digests that are gone, none when it is complete; or `ERR_IMAGE_UNPINNED` for a tag,
    ///   `ERR_IMAGE_PULL` when it is refused or altered, `ERR_NETWORK`.
    package func missing(
        of images: [ImageReference], atOnce width: Int
    ) async -> [ImageReference: Result<[Digest], Failure>] {
        var survey = CompletenessSurvey(of: images)
        await withTaskGroup(of: (CompletenessSurvey.Question, CompletenessSurvey.Answer).self) { group in
            var underWay = 0
            repeat {
                while underWay < width, let question = survey.next() {
                    group.addTask { (question, await answer(to: question)) }
                    underWay += 1
                }
                guard let (question, answer) = await group.next() else { return }
                underWay -= 1
                survey.receive(answer, to: question)
            } while true
        }
        var results: [ImageReference: Result<[Digest], Failure>] = [:]
        for image in images {
            do throws(Failure) {
                results[image] = .success(try survey.missing(of: image))
            } catch { results[image] = .failure(error) }
        }
        return results
    }

    /// What the registry lacks of one image.
    ///
    /// - Throws: as the results for many.
    package func missing(of image: ImageReference) async throws(Failure) -> [Digest] {
        try await missing(of: [image], atOnce: 4)[image]?.get() ?? []
    }

    private func answer(to question: CompletenessSurvey.Question) async -> CompletenessSurvey.Answer {
        do throws(Failure) {
            switch question {
            case .manifest(let image): return .manifest(try await manifestIfPresent(of: image))
            case .blob(let digest, let repository):
                return .blob(isThere: try await containsBlob(digest, of: repository))
            }
        } catch { return .failure(error) }
    }
}
