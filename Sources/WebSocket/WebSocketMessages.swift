import NIOCore

/// The text messages of a connection, as they arrive. One reader, once.
///
/// It ends after this side has closed the connection. Whatever else ends it is thrown, the peer's close included, after
/// all messages that came before. Reading slowly makes the peer wait, not the memory grow.
package struct WebSocketMessages: AsyncSequence, Sendable {
    package typealias Element = String
    package typealias Failure = WebSocketError

    let base: MessageProducer
    let fate: ConnectionFate

    package func makeAsyncIterator() -> Iterator {
        Iterator(base: base.makeAsyncIterator(), fate: fate)
    }

    package struct Iterator: AsyncIteratorProtocol {
        private var base: MessageProducer.AsyncIterator
        private let fate: ConnectionFate
        /// What came together, and how many of it were given.
        private var batch: [String] = []
        private var given = 0

        init(base: MessageProducer.AsyncIterator, fate: ConnectionFate) {
            self.base = base
            self.fate = fate
        }

        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(WebSocketError) -> String? {
            if given < batch.count, !Task.isCancelled {
                defer { given += 1 }
                return batch[given]
            }
            batch = []
            do {
                if let next = try await base.next(isolation: actor) {
                    batch = next
                    given = 1
                    return next.first
                }
            } catch let error as WebSocketError {
                throw error
            } catch {
                throw fate.error ?? .cancelled
            }
            if Task.isCancelled { throw fate.error ?? .cancelled }
            return nil
        }
    }
}
