package import DeploymentModel

/// Pushes an image that lies on disk in the OCI image layout.
package protocol LayoutPusher: Sendable {
    /// Pushes the one image of a layout by digest, without a tag, and gives the digest of its manifest.
    ///
    /// - Parameters:
    ///   - layout: the folder.
    ///   - sources: images whose layers it may share.
    ///   - report: gets a line per blob.
    /// - Throws: `Failure` with `ERR_IMAGE_PUSH` or `ERR_NETWORK`.
    func push(
        layout: String, to repository: ImageReference, mountingFrom sources: [ImageReference],
        report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> Digest
}
