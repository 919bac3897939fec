/// How often something is tried that may succeed another time, and how long the pauses are.
package struct RetryRule: Hashable, Sendable, Codable {
    /// How often, the first time too.
    package let attempts: Int
    /// The pause before each further attempt, in milliseconds; the last one is kept to.
    package let backoffMilliseconds: [Int]

    package init(attempts: Int = 3, backoffMilliseconds: [Int] = [1000, 5000]) {
        self.attempts = attempts
        self.backoffMilliseconds = backoffMilliseconds
    }

    /// What a registry's policy says; without one, three attempts.
    package init(_ policy: Policy) {
        if policy == .none {
            self.init()
        } else {
            self.init(attempts: policy.attempts, backoffMilliseconds: policy.backoffMilliseconds)
        }
    }

    /// The pause after an attempt, between half of what is ruled and all of it, so that runs that failed together don't
    /// come back together; `nil` when there is no further one.
    ///
    /// - Parameters:
    ///   - attempt: how many there have been, from 1.
    ///   - jitter: a random number in 0..<1.
    package func pause(after attempt: Int, jitter: Double) -> Duration? {
        guard attempt < attempts else { return nil }
        guard !backoffMilliseconds.isEmpty else { return .zero }
        return .milliseconds(backoffMilliseconds[min(attempt, backoffMilliseconds.count) - 1]) * (0.5 + jitter / 2)
    }
}
