/// The bytes of an answer in chunks as they arrive, with back-pressure: while the consumer lags, the transfer pauses and
/// at most about `HTTPResponseBody.highWater` bytes wait in memory.
///
/// One consumer, one pass. Cancelling the consuming task ends the transfer with `.cancelled`.
package struct HTTPResponseBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = HTTPError

    /// Bytes in waiting at which the transfer pauses.
    package static let highWater = 256 * 1024

    let reader: Reader

    /// Whether the request's method lets the answer have bytes at all.
    let mayHaveBytes: Bool

    /// How often the transfer waited for the consumer.
    package var pauses: Int { reader.exchange.pauses }

    /// Ends the transfer at once, whether somebody waits for bytes or not: the next reading fails with `.cancelled`.
    package func cancel() { reader.exchange.cancel() }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reader: reader)
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        let reader: Reader

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(HTTPError) -> [UInt8]? {
            try await reader.exchange.nextChunk(isolation: actor)
        }

        package mutating func next() async throws(HTTPError) -> [UInt8]? {
            try await next(isolation: #isolation)
        }
    }

    /// Ends the transfer when nobody can read it any more.
    final class Reader: Sendable {
        let exchange: Exchange

        init(_ exchange: Exchange) {
            self.exchange = exchange
        }

        deinit {
            exchange.cancel()
        }
    }
}
