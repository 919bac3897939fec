package import DeploymentModel
import HTTP

/// A blob on its way, in chunks. Whoever reads it to its end knows that it was the right one.
///
/// Where it breaks off it goes on from there (`Range`; RFC 9110, section 14), as often as requests are sent again.
package struct Blob: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    let digest: Digest
    let size: Int64?
    let client: OCIRegistryClient
    let call: OCIRegistryClient.Call
    let body: HTTPResponseBody

    var image: ImageReference { call.image.pinned(to: digest) }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(blob: self, chunks: body.makeAsyncIterator())
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        let blob: Blob
        private var chunks: HTTPResponseBody.AsyncIterator
        private var hash = ContentHash()
        /// Bytes that were handed on.
        private var count: Int64 = 0
        /// Bytes that come a second time.
        private var repeated: Int64 = 0
        private var attempt = 1

        init(blob: Blob, chunks: HTTPResponseBody.AsyncIterator) {
            self.blob = blob
            self.chunks = chunks
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(Failure) -> [UInt8]? {
            while true {
                let chunk: [UInt8]?
                do throws(HTTPError) {
                    chunk = try await chunks.next(isolation: actor)
                    if chunk == nil, let size = blob.size, count < size {
                        throw HTTPError(.truncated, "it ended after \(count) of \(size) bytes", url: blob.call.url)
                    }
                } catch {
                    try await goOn(after: error)
                    continue
                }
                guard let chunk else {
                    let digest = hash.finish()
                    guard digest == blob.digest else { throw Failure(altered: blob.image, "its digest is \(digest)") }
                    return nil
                }
                if let fresh = try take(chunk) { return fresh }
            }
        }

        package mutating func next() async throws(Failure) -> [UInt8]? {
            try await next(isolation: #isolation)
        }

        /// The part of a chunk that was not there before.
        private mutating func take(_ chunk: [UInt8]) throws(Failure) -> [UInt8]? {
            let known = Swift.min(repeated, Int64(chunk.count))
            repeated -= known
            guard known < chunk.count else { return nil }
            let fresh = known == 0 ? chunk : Array(chunk[Int(known)...])
            count += Int64(fresh.count)
            if let size = blob.size, count > size {
                throw Failure(altered: blob.image, "it is larger than the \(size) bytes of its manifest")
            }
            hash.update(fresh)
            return fresh
        }

        /// Asks for the rest. A server that knows no ranges sends everything again.
        private mutating func goOn(after error: HTTPError) async throws(Failure) {
            let retrying = blob.client.retrying
            let pause = retrying.policy.delay(
                after: .failed(error), attempt: attempt, method: .get, jitter: retrying.jitter())
            attempt += 1
            guard let pause else { throw Failure(unreachable: blob.image, error) }
            do { try await retrying.wait(pause) } catch { throw Failure(.network, "the download was cancelled") }
            let call = blob.client.call(
                .get, blob.call.image, url: blob.call.url, headers: count > 0 ? ["Range": "bytes=\(count)-"] : [:],
                deadlines: blob.call.deadlines)
            let response = try await blob.client.stream(call)
            switch response.status {
            case 200: repeated = count
            case 206 where response.headers["Content-Range"]?.hasPrefix("bytes \(count)-") == true: repeated = 0
            default: throw Failure(await response.reply(), image: blob.image, access: .pull)
            }
            chunks = response.body.makeAsyncIterator()
        }
    }
}
