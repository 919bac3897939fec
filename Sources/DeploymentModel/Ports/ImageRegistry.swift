/// What an OCI registry knows of images.
package protocol ImageRegistry: Sendable {
    /// The images that a tag or digest stands for, per platform, each pinned to its own child digest.
    ///
    /// An index gives its children; a plain manifest gives one entry, for the platform that its config names.
    /// Attestation manifests are no images and are left out.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` (not there, refused) or `ERR_NETWORK`.
    func platforms(of image: ImageReference) async throws(Failure) -> [Platform: ImageReference]

    /// The platform that the config of the manifest at this digest names.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PLATFORM` for an index, an attestation or a platform that Pinion does not
    ///   know; `ERR_IMAGE_PULL` or `ERR_NETWORK` when it cannot be had.
    func platform(of image: ImageReference) async throws(Failure) -> Platform

    /// Looks into the images of a pair before they are pinned: each is for its slot, inside too, and they are not one
    /// image under two names.
    ///
    /// - Returns: what is odd but need not be wrong, as sentences.
    /// - Throws: `Failure` with `ERR_IMAGE_PLATFORM`; `ERR_IMAGE_PULL` or `ERR_NETWORK` when one cannot be had.
    func inspectPair(_ images: [Platform: ImageReference]) async throws(Failure) -> [String]

    /// The digest that a tag stands for, of an index where it is one; `nil` when there is no such tag.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` or `ERR_NETWORK`.
    func digest(of tag: ImageReference) async throws(Failure) -> Digest?

    /// Claims that the OCI registry has a manifest of this digest.
    func contains(_ image: ImageReference) async throws(Failure) -> Bool

    /// All tags of a repository; none when the repository does not exist.
    func tags(of repository: ImageReference) async throws(Failure) -> [String]

    /// Makes a tag point at the manifest of this digest.
    func tag(_ image: ImageReference, as tag: String) async throws(Failure)

    /// What the config of the manifest at this digest says of its server.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` or `ERR_NETWORK`.
    func configuration(of image: ImageReference) async throws(Failure) -> ImageConfiguration

    /// Claims that anybody may pull the image: without log-in the OCI registry shows it too.
    func isPublic(_ image: ImageReference) async throws(Failure) -> Bool
}
