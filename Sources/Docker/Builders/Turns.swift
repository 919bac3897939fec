/// Lets one at a time, in the order of asking.
actor Turns {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Does something when it is its turn.
    nonisolated func take<Value, Problem: Error>(
        _ body: () async throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        await begin()
        let result: Result<Value, Problem>
        do throws(Problem) { result = .success(try await body()) } catch { result = .failure(error) }
        await end()
        return try result.get()
    }

    private func begin() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func end() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
