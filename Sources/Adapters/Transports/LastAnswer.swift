import Synchronization

/// Why the latest attempt was in vain, for the message when there is no further one.
final class LastAnswer: Sendable {
    private let text = Mutex("it never answered")

    var reason: String { text.withLock { $0 } }

    func note(_ reason: String) { text.withLock { $0 = reason } }
}
