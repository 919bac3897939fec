import DeploymentModel

/// Work that goes on to its end though the task that waits for it is cancelled: half of it would have to be found and
/// mended by the next run.
package enum Shield {
    /// Where such work runs; a simulation has an executor of its own.
    @TaskLocal package static var executor: (any TaskExecutor)?

    /// Does all of it.
    static func whole<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        // A task of its own is the one thing that does not inherit that its maker is cancelled; it is waited for here.
        let task = Task(executorPreference: executor) { () async -> Result<Value, Failure> in
            do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
        }
        return try await task.value.get()
    }
}
