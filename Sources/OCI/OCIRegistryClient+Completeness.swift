package import DeploymentModel

extension OCIRegistryClient {
    /// What the registry lacks of an image: the manifest itself, children of an index, configs and layers. Nothing is
    /// downloaded but manifests.
    ///
    /// - Returns: the digests that are gone; empty when the image is complete.
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` when it is refused or altered, `ERR_NETWORK`.
    package func missing(of image: ImageReference) async throws(Failure) -> [Digest] {
        guard let digest = image.digest else {
            throw Failure(.imageUnpinned, "\(image) is a tag, not a digest")
        }
        guard try await claimedDigest(of: image) != nil else { return [digest] }
        var missing: [Digest] = []
        switch try await manifest(of: image).content {
        case .index(let children):
            for child in children { missing += try await self.missing(of: image.pinned(to: child.digest)) }
        case .image(let config, let layers):
            for blob in [config] + layers where !(try await containsBlob(blob.digest, of: image)) {
                missing.append(blob.digest)
            }
        }
        return missing
    }
}
