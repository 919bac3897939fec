package import DeploymentModel
import HTTP

extension OCIRegistryClient {
    /// Streams a blob of a repository; the stream ends with an error when the bytes are not those of the digest.
    ///
    /// - Parameter size: what the manifest says, in bytes; a longer blob ends the stream with an error.
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` or `ERR_NETWORK`.
    package func blob(_ digest: Digest, size: Int64? = nil, of repository: ImageReference) async throws(Failure) -> Blob
    {
        // A layer may take as long as it takes, as long as it moves.
        let deadlines = HTTPDeadlines(connect: .seconds(10), firstByte: .seconds(30), idle: .seconds(30), whole: nil)
        let response = try await stream(Call(.get, repository, "blobs/\(digest)", deadlines: deadlines))
        let image = repository.pinned(to: digest)
        guard response.isSuccess else {
            let body = (try? await response.collect(upTo: 64 * 1024)) ?? []
            let reply = HTTPReply(
                status: response.status, headers: response.headers, url: response.url, body: body)
            throw Failure(reply, image: image, access: .pull)
        }
        return Blob(image: image, digest: digest, size: size, body: response.body)
    }

    /// A whole small blob, a config for example.
    ///
    /// - Throws: as `blob`, and `ERR_IMAGE_PULL` when it is larger than `documentLimit`.
    package func document(_ descriptor: Descriptor, of repository: ImageReference) async throws(Failure) -> [UInt8] {
        let image = repository.pinned(to: descriptor.digest)
        guard descriptor.size <= Self.documentLimit else {
            throw Failure(.imagePull, "the config \(image) is larger than \(Self.documentLimit) bytes")
        }
        let reply = try await fetch(Call(.get, repository, "blobs/\(descriptor.digest)"))
        guard reply.isSuccess else { throw Failure(reply, image: image, access: .pull) }
        let digest = ContentHash.digest(of: reply.body)
        guard digest == descriptor.digest else { throw Failure(altered: image, "its digest is \(digest)") }
        return reply.body
    }

    /// Claims that the OCI registry has a blob.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` or `ERR_NETWORK`.
    package func containsBlob(_ digest: Digest, of repository: ImageReference) async throws(Failure) -> Bool {
        let reply = try await fetch(Call(.head, repository, "blobs/\(digest)"))
        if reply.status == 404 { return false }
        guard reply.isSuccess else {
            throw Failure(reply, image: repository.pinned(to: digest), access: .pull)
        }
        return true
    }
}

/// A blob on its way, in chunks. Whoever reads it to its end knows that it was the right one.
package struct Blob: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    let image: ImageReference
    let digest: Digest
    let size: Int64?
    let body: HTTPResponseBody

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(blob: self, chunks: body.makeAsyncIterator())
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        let blob: Blob
        var chunks: HTTPResponseBody.AsyncIterator
        private var hash = ContentHash()
        private var count: Int64 = 0

        init(blob: Blob, chunks: HTTPResponseBody.AsyncIterator) {
            self.blob = blob
            self.chunks = chunks
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(Failure) -> [UInt8]? {
            let chunk: [UInt8]?
            do throws(HTTPError) {
                chunk = try await chunks.next(isolation: actor)
            } catch {
                throw Failure(unreachable: blob.image, error)
            }
            guard let chunk else {
                let digest = hash.finish()
                guard digest == blob.digest else { throw Failure(altered: blob.image, "its digest is \(digest)") }
                return nil
            }
            count += Int64(chunk.count)
            if let size = blob.size, count > size {
                throw Failure(altered: blob.image, "it is larger than the \(size) bytes of its manifest")
            }
            hash.update(chunk)
            return chunk
        }

        package mutating func next() async throws(Failure) -> [UInt8]? {
            try await next(isolation: #isolation)
        }
    }
}
