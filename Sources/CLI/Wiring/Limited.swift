import Synchronization

/// Waits for what may never come.
enum Limited {
    /// What the work gives; `nil` when it takes longer, and then it is cancelled and left where it is.
    static func value<Value: Sendable>(
        within limit: Duration, _ work: @escaping @Sendable () async -> Value
    ) async -> Value? {
        await withCheckedContinuation { continuation in
            let answer = FirstAnswer(continuation)
            // Unstructured, because a call into a library that hangs would be waited for.
            let task = Task { answer.give(await work()) }
            Task {
                try? await Task.sleep(for: limit)
                task.cancel()
                answer.give(nil)
            }
        }
    }
}

/// Hands the first of two answers on.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value?, Never>?>

    init(_ continuation: CheckedContinuation<Value?, Never>) { self.continuation = Mutex(continuation) }

    func give(_ value: Value?) {
        let waiting = continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume(returning: value)
    }
}
