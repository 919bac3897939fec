package import DeploymentModel
import HTTP

extension OCIRegistryClient {
    /// Copies an image to another repository, of any registry, byte for byte: it has the same digest there.
    ///
    /// Blobs that the target has are not sent; those of the same registry are taken over inside it, where it allows that; all
    /// others are checked against their digests on the way. Manifests come after all that they refer to, so that a copy
    /// that breaks off leaves no image, and the next one goes on where it stopped.
    ///
    /// - Parameters:
    ///   - image: by digest.
    ///   - tag: the image's content tag. Where it names an index that has the image beside its attestations, the index is
    ///     copied with them. Written in the target too, last, unless it is there.
    ///   - report: gets a line per blob.
    /// - Throws: `Failure` with `ERR_IMAGE_PULL`, `ERR_IMAGE_PUSH` or `ERR_NETWORK`; `ERR_IMAGE_UNPINNED` for a tag.
    package func copy(
        _ image: ImageReference, to repository: ImageReference, tag: String?,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(Failure) {
        guard image.digest != nil else { throw Failure(.imageUnpinned, "\(image) is a tag, not a digest") }
        let top = try await top(of: image, tag)
        try await push(
            top, from: RepositoryContent(client: self, repository: image), to: repository,
            mounting: image.registry == repository.registry ? [image.path] : [], report: report)
        if let tag, try await digest(of: repository.tagged(tag)) == nil {
            try await put(top, as: repository.tagged(tag))
        }
    }

    /// The index that the content tag names, if it has the image; else the image's own manifest.
    private func top(of image: ImageReference, _ tag: String?) async throws(Failure) -> Manifest {
        if let tag, let tagged = try await manifestIfPresent(of: image.tagged(tag)),
            case .index(let children) = tagged.content, children.contains(where: { $0.digest == image.digest }),
            // Anything else beside it is no statement about it, and nobody asked for it.
            children.allSatisfy({ $0.digest == image.digest || $0.isAttestation })
        {
            return tagged
        }
        return try await manifest(of: image)
    }
}
