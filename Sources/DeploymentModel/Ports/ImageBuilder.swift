/// Builds an image for one platform and pushes it to its OCI registry by digest.
package protocol ImageBuilder: Sendable {
    /// The name that goes into build records: `buildx`, `engine`.
    var name: String { get }

    /// Builds and pushes; gives the digest that the OCI registry has for the pushed manifest.
    ///
    /// - Parameter log: gets each line of the build's output as it comes; may be called from any thread.
    /// - Throws: `Failure` with `ERR_IMAGE_BUILD` (detail: the end of the output), `ERR_IMAGE_PUSH` or `ERR_DOCKER`.
    func build(_ request: BuildRequest, log: @escaping @Sendable (String) -> Void) async throws(Failure) -> Digest
}

/// One build: a context, a recipe, a platform.
package struct BuildRequest: Hashable, Sendable {
    package let ref: ProcessorRef
    package let platform: Platform
    /// Where to push, without tag and digest.
    package let repository: ImageReference
    /// The path on this host of an uncompressed tar archive of the context.
    package let contextArchive: String
    /// The Dockerfile's path inside the archive.
    package let dockerfile: String
    package let args: [String: String]
    package let target: String?

    package init(
        ref: ProcessorRef, platform: Platform, repository: ImageReference, contextArchive: String, dockerfile: String,
        args: [String: String], target: String?
    ) {
        self.ref = ref
        self.platform = platform
        self.repository = repository
        self.contextArchive = contextArchive
        self.dockerfile = dockerfile
        self.args = args
        self.target = target
    }
}
