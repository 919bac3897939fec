import Synchronization

/// Waits for a conversation with a remote until the remote has been silent for too long.
///
/// libgit2 1.5 has no deadlines: a call that waits for a dead peer waits for ever, and nothing can end it from outside. So
/// the call is left where it is, and only its caller goes on; it ends itself at its next sign of life.
struct Patience: Sendable {
    /// How long a remote may be silent when it is its turn.
    let limit: Duration

    /// - Throws: what the work throws; `GitError` of kind `unreachable` once the remote has been silent for the limit.
    func wait<Value: Sendable>(
        for remote: RemoteURL, _ flag: CancellationFlag,
        _ work: @escaping @Sendable () async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        let limit = limit
        let result: Result<Value, GitError> = await withCheckedContinuation { continuation in
            let race = Race(continuation)
            // Unstructured, because a task group would wait for a call that may never return.
            let worker = Task {
                do throws(GitError) {
                    race.finish(.success(try await work()))
                } catch { race.finish(.failure(error)) }
            }
            Task {
                while !race.isOver {
                    try? await Task.sleep(for: limit / 8)
                    guard flag.silence >= limit else { continue }
                    flag.set()
                    worker.cancel()
                    let seconds = limit / .seconds(1)
                    race.finish(
                        .failure(GitError(.unreachable, "\(remote) has not answered for \(seconds) s")))
                }
            }
        }
        return try result.get()
    }
}

/// Hands the first of several results to the one who waits.
private final class Race<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Result<Value, GitError>, Never>?>

    init(_ continuation: CheckedContinuation<Result<Value, GitError>, Never>) {
        self.continuation = Mutex(continuation)
    }

    var isOver: Bool { continuation.withLock { $0 == nil } }

    func finish(_ result: Result<Value, GitError>) {
        let waiting = continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume(returning: result)
    }
}
