package import DeploymentModel

extension OCIRegistryClient {
    /// What the registry lacks of an image: the manifest itself, children of an index, configs and layers. Nothing is
    /// downloaded but manifests.
    ///
    /// - Parameter known: blobs that are not asked for again, and takes what is found.
    /// - Returns: the digests that are gone; empty when the image is complete.
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` when it is refused or altered, `ERR_NETWORK`.
    package func missing(
        of image: ImageReference, besides known: KnownBlobs = KnownBlobs()
    ) async throws(Failure) -> [Digest] {
        guard let digest = image.digest else {
            throw Failure(.imageUnpinned, "\(image) is a tag, not a digest")
        }
        guard let manifest = try await manifestIfPresent(of: image) else { return [digest] }
        var missing: [Digest] = []
        switch manifest.content {
        case .index(let children):
            for child in children {
                missing += try await self.missing(of: image.pinned(to: child.digest), besides: known)
            }
        case .image(let config, let layers):
            for blob in [config] + layers where !known.contains(blob.digest, of: image) {
                if try await containsBlob(blob.digest, of: image) {
                    known.insert(blob.digest, of: image)
                } else {
                    missing.append(blob.digest)
                }
            }
        }
        return missing
    }
}
