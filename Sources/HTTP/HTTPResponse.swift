/// The answer to a request: its head at once, its body as it arrives.
package struct HTTPResponse: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    /// Where the answer came from, after redirects.
    package let url: HTTPURL
    /// The body; it can be read once. Dropping it unread ends the transfer.
    package let body: HTTPResponseBody

    /// Whether the status says success (2xx).
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The whole body in memory.
    ///
    /// - Parameter limit: the most bytes that are taken.
    /// - Throws: `.tooLarge` when the body has more (announced or sent), else what the transfer threw.
    package func collect(upTo limit: Int) async throws(HTTPError) -> [UInt8] {
        if let announced = headers["Content-Length"].flatMap({ Int($0) }), announced > limit, body.mayHaveBytes {
            throw tooLarge(limit)
        }
        var bytes: [UInt8] = []
        for try await chunk in body {
            guard bytes.count + chunk.count <= limit else { throw tooLarge(limit) }
            bytes += chunk
        }
        return bytes
    }

    /// Reads and forgets a body that is of no interest, so that its connection can be used again. Gives up, quietly,
    /// after `limit` bytes or at any error: then the connection is closed instead.
    package func discard(upTo limit: Int = 64 * 1024) async {
        _ = try? await collect(upTo: limit)
    }

    private func tooLarge(_ limit: Int) -> HTTPError {
        HTTPError(.tooLarge, "the answer is larger than \(limit) bytes", url: url.redacted)
    }
}
