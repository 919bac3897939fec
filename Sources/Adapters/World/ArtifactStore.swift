package import BLAKE3
package import DeploymentModel
package import JSON

/// Keeps what runs write: artifacts by the hash of their bytes, and the world paths that lead to them.
///
/// A port, so that an object store can take the place of this host's disk.
package protocol ArtifactStore: Sendable {
    /// An empty folder for one run alone, to receive and prepare files in; given back with `discard`.
    ///
    /// - Throws: `Failure` with `ERR_SANDBOX` when this host's disk refuses.
    func stage() async throws(Failure) -> String

    /// Removes a folder of `stage` and everything in it.
    func discard(_ stage: String) async

    /// Keeps the outputs of a run, its index and its receipt: all of them are there when this returns, and each is whole
    /// at any moment. The files of the publication are taken away from where they are.
    ///
    /// - Throws: `Failure` with `ERR_SANDBOX` when the disk refuses, `ERR_OUTPUT_MISMATCH` for a path that goes on below
    ///   one that is a file.
    func publish(_ publication: Publication) async throws(Failure)

    /// Keeps a file of this host under a world path that its id may be part of, and leaves the file where it is.
    ///
    /// - Throws: `Failure` with `ERR_INPUTS` when it can't be read, `ERR_SANDBOX` when the disk refuses, and what `path`
    ///   throws.
    func copy(
        file: String, to path: @Sendable (ContentID) throws(Failure) -> WorldPath
    ) async throws(Failure) -> WorldPath

    /// What a world path leads to; `nil` when there is nothing.
    func artifact(at path: WorldPath) async throws(Failure) -> StoredArtifact?

    /// The artifact of this id; `nil` when the store does not have it.
    func artifact(_ id: ContentID) async throws(Failure) -> StoredArtifact?

    /// A folder of this host that shows all of the world for reading; `nil` where the store is elsewhere.
    var mount: String? { get }

    /// The envelope that was recorded for a memo key; `nil` when none was, or an artifact of it is gone. What one adapter
    /// made is no other's: the mock adapter makes things up.
    func recorded(_ memoKey: String, by adapter: AdapterKind) async throws(Failure) -> JSONValue?

    /// Records an envelope for a memo key; the first one stays.
    func record(_ envelope: JSONValue, for memoKey: String, by adapter: AdapterKind) async throws(Failure)

    /// Locks a world prefix for one run, so that no other writes at or below it, nor above it.
    ///
    /// - Parameter seconds: after so long the lock is void, whatever became of its holder.
    /// - Throws: `Failure` with `ERR_LEASE` that names the holder.
    func lock(_ prefix: String, for holder: String, seconds: Int) async throws(Failure) -> PathLock

    func unlock(_ lock: PathLock) async
}

/// Some bytes that the store keeps.
package struct StoredArtifact: Hashable, Sendable {
    package let contentID: ContentID
    package let sizeBytes: Int64
    /// Where the bytes are on this host, to be read only.
    package let file: String

    package init(contentID: ContentID, sizeBytes: Int64, file: String) {
        self.contentID = contentID
        self.sizeBytes = sizeBytes
        self.file = file
    }
}

/// What a run leaves to the world.
package struct Publication: Sendable {
    /// A file of a stage by the path that it gets.
    package let outputs: [WorldPath: ReceivedArtifacts.Artifact]
    /// Small files that the adapter itself writes: the index, the receipt.
    package let documents: [WorldPath: [UInt8]]

    package init(outputs: [WorldPath: ReceivedArtifacts.Artifact], documents: [WorldPath: [UInt8]] = [:]) {
        self.outputs = outputs
        self.documents = documents
    }
}

/// A lock on a world prefix.
package struct PathLock: Hashable, Sendable {
    package let prefix: String
    /// What the store finds it by.
    package let token: String

    package init(prefix: String, token: String) {
        self.prefix = prefix
        self.token = token
    }
}
