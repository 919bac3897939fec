import DeploymentModel

/// How often a request is tried, and how long the pauses are.
struct RetryRule: Hashable, Sendable {
    let attempts: Int
    /// Before each further attempt; the last one is kept to.
    let pauses: [Duration]

    init(attempts: Int = 3, pauses: [Duration] = [.seconds(1), .seconds(5)]) {
        self.attempts = attempts
        self.pauses = pauses
    }

    /// What a registry's policy says; without one, three attempts.
    init(_ policy: Policy) {
        if policy == .none {
            self.init()
        } else {
            self.init(attempts: policy.attempts, pauses: policy.backoffMilliseconds.map { .milliseconds($0) })
        }
    }

    /// The pause after an attempt, between half of what is ruled and all of it, so that runs that failed together don't
    /// come back together; `nil` when there is no further one.
    ///
    /// - Parameters:
    ///   - attempt: how many there have been, from 1.
    ///   - jitter: a random number in 0..<1.
    func pause(after attempt: Int, jitter: Double) -> Duration? {
        guard attempt < attempts else { return nil }
        guard !pauses.isEmpty else { return .zero }
        return pauses[min(attempt, pauses.count) - 1] * (0.5 + jitter / 2)
    }
}
