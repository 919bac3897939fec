import DeploymentModel
import FoundationEssentials
import SystemPackage

/// A repository of an OCI registry whose images are pushed to another one.
struct RepositoryContent: ImageContent {
    let client: OCIRegistryClient
    let repository: ImageReference

    func manifest(_ descriptor: Descriptor) async throws(Failure) -> Manifest {
        try await client.manifest(of: repository.pinned(to: descriptor.digest))
    }

    /// Streams the blob into a file without a name, so that it can be sent again and is gone with whoever reads it. A byte
    /// that is not of the digest never gets further than that file.
    func open(_ blob: Descriptor) async throws(Failure) -> FileDescriptor {
        let file = try Self.unnamed()
        do throws(Failure) {
            let chunks = try await client.blob(blob.digest, size: blob.size, of: repository)
            for try await chunk in chunks { try Self.write(chunk, to: file) }
            return file
        } catch {
            try? file.close()
            throw error
        }
    }

    private static func unnamed() throws(Failure) -> FileDescriptor {
        let path = FileManager.default.temporaryDirectory.path + "/pinion-blob-\(UUID().uuidString)"
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite)
            try? FileManager.default.removeItem(atPath: path)
            return file
        } catch { throw Failure(.imagePush, "there can be no temporary file \(path): \(error)") }
    }

    private static func write(_ chunk: [UInt8], to file: FileDescriptor) throws(Failure) {
        do {
            try file.writeAll(chunk)
        } catch {
            throw Failure(
                .imagePush, "a layer can't be kept for its upload: \(error)",
                remedy: "Is there room in the folder for temporary files, TMPDIR?")
        }
    }
}
