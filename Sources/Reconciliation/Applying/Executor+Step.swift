import DeploymentModel

extension Executor {
    /// Runs one step between its events, as often as the plan's policy allows when the machinery failed it. Once the run is
    /// interrupted no step begins; one that is under way is broken off, unless half of it would be worse than none.
    ///
    /// - Throws: `Failure.interruption` when somebody interrupted the run, and what `body` throws the last time.
    @discardableResult
    func step<Value: Sendable>(
        _ ref: ProcessorRef, _ step: RunEvent.Step, _ platform: Platform? = nil, isWhole: Bool = false,
        _ body: @escaping @Sendable () async throws(Failure) -> (Value, String)
    ) async throws(Failure) -> Value {
        guard !Task.isCancelled else { throw Failure.interruption }
        log.add(ref, step, platform: platform, .started)
        do throws(Failure) {
            let (value, text) = try await retrying(ref, step, platform) { () throws(Failure) in
                try lease?.check()
                return try await isWhole ? Shield.whole(body) : body()
            }
            log.add(ref, step, platform: platform, .finished(text))
            return value
        } catch {
            // What an interruption breaks off has not failed.
            guard isWhole || !Task.isCancelled else { throw Failure.interruption }
            log.add(ref, step, platform: platform, .failed(error))
            throw error
        }
    }

    /// Tries it again where that may help; each further attempt is told of.
    func retrying<Value>(
        _ ref: ProcessorRef?, _ step: RunEvent.Step, _ platform: Platform?, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        var attempt = 1
        while true {
            do throws(Failure) {
                return try await body()
            } catch {
                guard error.code.isRetriedByExecutor, !Task.isCancelled,
                    let pause = retry.pause(after: attempt, jitter: .random(in: 0..<1))
                else { throw error }
                attempt += 1
                let text = "tried again (\(attempt) of \(retry.attempts)) after \(error)"
                log.add(ref, step, platform: platform, .warning(text))
                if pause > .zero, (try? await clock.sleep(for: pause)) == nil { throw error }
            }
        }
    }
}

extension ErrorCode {
    /// Claims that the machinery failed, so that the step may succeed another time. What a processor does wrong is its
    /// verdict; the driver tries again what Modal refused; and a lease is lost for the whole run.
    fileprivate var isRetriedByExecutor: Bool {
        isWorthRetry && fault == .infrastructure && self != .modal && self != .lease
    }
}

extension Failure {
    /// A step was broken off, or did not begin. No event has it, and so no report.
    static let interruption = Failure(.timeout, "the run was interrupted")

    var isInterruption: Bool { self == Failure.interruption }
}
