import DeploymentModel
import FoundationEssentials
import JSON
import SystemPackage

/// A folder in the OCI image layout.
struct ImageLayout: Sendable {
    let folder: String

    /// What `index.json` names; exactly one manifest.
    func top() throws(Failure) -> Descriptor {
        let entries = (try? JSONValue(parsing: read("index.json", limit: 4 << 20)))?["manifests"]?.arrayValue
        guard let entries, entries.count == 1, let descriptor = Descriptor(entries[0]) else {
            throw Failure(.imagePush, "the image layout in \(folder) does not hold exactly one image")
        }
        return descriptor
    }

    /// A manifest of the layout, checked against its digest.
    func manifest(_ descriptor: Descriptor) throws(Failure) -> Manifest {
        let bytes = try read(path(descriptor.digest), limit: OCIRegistryClient.documentLimit)
        let manifest: Manifest
        do throws(Manifest.Malformed) {
            manifest = try Manifest(bytes, contentType: descriptor.mediaType)
        } catch {
            throw Failure(
                .imagePush, "the manifest \(descriptor.digest) of an image layout can't be read: \(error.reason)")
        }
        guard manifest.digest == descriptor.digest else {
            throw Failure(.imagePush, "the manifest \(descriptor.digest) of an image layout is \(manifest.digest)")
        }
        return manifest
    }

    /// A blob, open for reading; the caller closes it. Its content is checked by the registry that takes it.
    func open(_ blob: Descriptor) throws(Failure) -> FileDescriptor {
        do {
            let file = try FileDescriptor.open(
                FilePath("\(folder)/\(path(blob.digest))"), .readOnly, options: .closeOnExec)
            guard try file.seek(offset: 0, from: .end) == blob.size else {
                try file.close()
                throw Failure(.imagePush, "the blob \(blob.digest) of an image layout is not of its size")
            }
            return file
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.imagePush, "the blob \(blob.digest) of an image layout can't be read: \(error)")
        }
    }

    private func path(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }

    private func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(path)"), data.count <= limit else {
            throw Failure(.imagePush, "\(path) of an image layout can't be read or is too large")
        }
        return Array(data)
    }
}
