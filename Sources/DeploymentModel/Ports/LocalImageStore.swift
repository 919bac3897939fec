/// The images that the local engine holds under names of its own.
package protocol LocalImageStore: Sendable {
    /// The names (tags) under which the engine holds images of a repository.
    func names(of repository: ImageReference) async throws(Failure) -> [ImageReference]

    /// Gives an image that the engine holds another name.
    func tag(_ image: ImageReference, as name: ImageReference) async throws(Failure)

    /// Takes a name away, and with its last name the image.
    func untag(_ name: ImageReference) async throws(Failure)

    /// Pushes what the engine holds under this name, as a tag of the OCI registry. What digest it has there, the registry
    /// is asked.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PUSH` or `ERR_DOCKER`.
    func push(_ name: ImageReference, report: @escaping @Sendable (String) -> Void) async throws(Failure)
}
