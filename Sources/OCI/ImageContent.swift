import DeploymentModel
import SystemPackage

/// Where the bytes of an image are that is pushed: an image layout on disk, or another repository.
protocol ImageContent: Sendable {
    /// A manifest, checked against its digest.
    func manifest(_ descriptor: Descriptor) async throws(Failure) -> Manifest

    /// A file with the bytes of a blob; the caller closes it.
    func open(_ blob: Descriptor) async throws(Failure) -> FileDescriptor
}

extension ImageLayout: ImageContent {}
