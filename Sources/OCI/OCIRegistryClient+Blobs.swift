package import DeploymentModel
import HTTP

extension OCIRegistryClient {
    /// Streams a blob of a repository; the stream ends with an error when the bytes are not those of the digest.
    ///
    /// - Parameter size: what the manifest says, in bytes; a longer blob ends the stream with an error.
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` or `ERR_NETWORK`.
    package func blob(_ digest: Digest, size: Int64? = nil, of repository: ImageReference) async throws(Failure) -> Blob
    {
        var deadlines = deadlines.extended(for: size ?? 0)
        // Of an unknown size, it may take as long as it takes, as long as it moves.
        if size == nil { deadlines.whole = nil }
        let call = self.call(.get, repository, "blobs/\(digest)", deadlines: deadlines)
        let response = try await stream(call)
        guard response.isSuccess else {
            throw Failure(await response.reply(), image: repository.pinned(to: digest), access: .pull)
        }
        return Blob(digest: digest, size: size, client: self, call: call, body: response.body)
    }

    /// A whole small blob, a config for example.
    ///
    /// - Throws: as `blob`, and `ERR_IMAGE_PULL` when it is larger than `documentLimit`.
    package func document(_ descriptor: Descriptor, of repository: ImageReference) async throws(Failure) -> [UInt8] {
        let image = repository.pinned(to: descriptor.digest)
        guard descriptor.size <= Self.documentLimit else {
            throw Failure(.imagePull, "the config \(image) is larger than \(Self.documentLimit) bytes")
        }
        let reply = try await fetch(call(.get, repository, "blobs/\(descriptor.digest)"))
        guard reply.isSuccess else { throw Failure(reply, image: image, access: .pull) }
        let digest = ContentHash.digest(of: reply.body)
        guard digest == descriptor.digest else { throw Failure(altered: image, "its digest is \(digest)") }
        return reply.body
    }

    /// Claims that the OCI registry has a blob.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` or `ERR_NETWORK`.
    package func containsBlob(_ digest: Digest, of repository: ImageReference) async throws(Failure) -> Bool {
        let reply = try await fetch(call(.head, repository, "blobs/\(digest)"))
        if reply.status == 404 { return false }
        guard reply.isSuccess else {
            throw Failure(reply, image: repository.pinned(to: digest), access: .pull)
        }
        return true
    }
}

extension HTTPResponse {
    /// What a failure needs of an answer.
    func reply() async -> HTTPReply {
        HTTPReply(status: status, headers: headers, url: url, body: (try? await collect(upTo: 64 * 1024)) ?? [])
    }
}
