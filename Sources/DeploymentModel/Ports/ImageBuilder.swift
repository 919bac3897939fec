/// Builds images, each for one platform.
package protocol ImageBuilder: Sendable {
    /// The name that goes into build records: `buildx`, `engine`.
    var name: String { get }

    /// Builds and pushes to the OCI registry by digest.
    ///
    /// - Parameter log: gets each line of the build's output as it comes; may be called from any thread.
    /// - Throws: `Failure` with `ERR_IMAGE_BUILD` (detail: the end of the output), `ERR_IMAGE_PUSH`, `ERR_DOCKER`, or
    ///   `ERR_MISSING_SECRET` when a secret of the build has no value.
    func build(_ request: BuildRequest, log: @escaping @Sendable (String) -> Void) async throws(Failure) -> BuiltImage

    /// Builds and leaves the image in the local engine under these names; nothing is pushed.
    ///
    /// - Throws: as the other one.
    func build(
        _ request: BuildRequest, as names: [ImageReference], log: @escaping @Sendable (String) -> Void
    ) async throws(Failure)
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
    /// What of the archive the build must not see.
    package let hidden: HiddenEntries?
    package let args: [String: String]
    package let target: String?
    package let options: BuildOptions

    package init(
        ref: ProcessorRef, platform: Platform, repository: ImageReference, contextArchive: String, dockerfile: String,
        hidden: HiddenEntries? = nil, args: [String: String], target: String?, options: BuildOptions = BuildOptions()
    ) {
        self.ref = ref
        self.platform = platform
        self.repository = repository
        self.contextArchive = contextArchive
        self.dockerfile = dockerfile
        self.hidden = hidden
        self.args = args
        self.target = target
        self.options = options
    }
}

/// What a build may use or adds that does not decide what the image is, and so is no part of its input key.
package struct BuildOptions: Hashable, Sendable, Codable {
    /// Statements about an image that travel beside it.
    package enum Attestation: String, Hashable, Sendable, Codable, CaseIterable {
        case provenance, sbom
    }

    /// Where cached steps come from, as buildx writes it: `type=registry,ref=…`.
    package var cacheFrom: [String]
    /// Where cached steps go.
    package var cacheTo: [String]
    /// Names of environment variables whose values the Dockerfile may mount as secrets of these ids.
    package var secrets: [String]
    package var attestations: [Attestation]

    package init(
        cacheFrom: [String] = [], cacheTo: [String] = [], secrets: [String] = [], attestations: [Attestation] = []
    ) {
        self.cacheFrom = cacheFrom
        self.cacheTo = cacheTo
        self.secrets = secrets
        self.attestations = attestations
    }
}

/// What a build made.
package struct BuiltImage: Sendable, Hashable {
    /// Of the image's manifest, as the OCI registry has it.
    package let digest: Digest
    /// Of the index that holds the image and its attestations, where there are any.
    package let index: Digest?
    /// What the `FROM` lines resolved to, each with tag and digest, as far as the builder told.
    package let bases: [ImageReference]

    package init(digest: Digest, index: Digest? = nil, bases: [ImageReference] = []) {
        self.digest = digest
        self.index = index
        self.bases = bases
    }
}
