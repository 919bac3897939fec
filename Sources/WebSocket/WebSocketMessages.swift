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

        init(base: MessageProducer.AsyncIterator, fate: ConnectionFate) {
            self.base = base
            self.fate = fate
        }

        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(WebSocketError) -> String? {
            do {
                if let text = try await base.next(isolation: actor) { return text }
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
