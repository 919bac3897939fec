package import DeploymentModel
package import Git
package import SystemPackage

extension BuildContext {
    /// How much is held while the archive is written: twice this.
    private static let budget = 4 << 20

    /// Writes the archive that goes to the builder, a tar whose bytes depend on the commit alone.
    ///
    /// - Parameter name: of the file, for messages.
    /// - Throws: `Failure` with `ERR_GIT`, or with `ERR_IMAGE_BUILD` when the file cannot be written.
    package func write(
        to file: FileDescriptor, named name: String, from repository: GitRepository
    ) async throws(Failure) {
        do {
            var tar = TarWriter(file)
            if let ignoreFile = hidden?.ignoreFile {
                try ignoreFile.withUnsafeBytes {
                    try tar.add(DockerfilePlace.ignoreFile, content: $0, isExecutable: false)
                }
            }
            try await write(archived, into: &tar, from: repository)
            try tar.finish()
        } catch let error as GitError {
            throw Failure(.git, error.message)
        } catch {
            throw Failure(.imageBuild, "the build context cannot be written to \(name): \(error)")
        }
    }

    /// Reads the next files while these are written.
    private func write(
        _ entries: [TreeEntry], into tar: inout TarWriter, from repository: GitRepository
    ) async throws {
        let ids = entries.map(\.id)
        var blobs = try await repository.storedBlobs(ids[...], budget: Self.budget)
        var done = 0
        while done < entries.count {
            let end = done + blobs.count
            async let following = repository.storedBlobs(ids[end...], budget: Self.budget)
            for (entry, blob) in zip(entries[done..<end], blobs) {
                try blob.withBytes { content in
                    if entry.mode == .symlink {
                        try tar.addLink(entry.path, target: String(decoding: content, as: UTF8.self))
                    } else {
                        try tar.add(entry.path, content: content, isExecutable: entry.mode == .executable)
                    }
                }
            }
            blobs = try await following
            done = end
        }
    }
}
