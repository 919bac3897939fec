import DeploymentModel

/// Runs `body` until it ends or the time is over; then it is cancelled, waited for, and `failure` is thrown.
func withDeadline<Value: Sendable>(
    _ duration: Duration, clock: any Clock<Duration>, failing failure: Failure,
    _ body: @escaping @Sendable () async throws(Failure) -> Value
) async throws(Failure) -> Value {
    let result = await withTaskGroup(of: Result<Value, Failure>?.self) { group in
        group.addTask {
            do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
        }
        group.addTask {
            do {
                try await clock.sleep(for: duration)
                return .failure(failure)
            } catch {
                return nil  // Cancelled: the body has ended or is about to.
            }
        }
        var result: Result<Value, Failure>?
        while result == nil, let next = await group.next() { result = next }
        group.cancelAll()
        return result ?? .failure(.cancelledRun)
    }
    return try result.get()
}
