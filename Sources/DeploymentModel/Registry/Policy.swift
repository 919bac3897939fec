/// The limits that every plan and run of a registry keeps to (seed "Registry & Adapters", policies).
package struct Policy: Hashable, Sendable, Codable {
    /// The most that may be admitted, in millionths of a dollar; `nil` for no limit.
    package let maxUSDMicro: Int?
    /// How often an action is tried, the first time too.
    package let attempts: Int
    /// The pause before each further attempt, in milliseconds; the last one is kept to.
    package let backoffMilliseconds: [Int]
    /// The longest that a lease may last, in seconds; `nil` for no limit.
    package let leaseSeconds: Int?
    /// Whether a run locks the prefix that it writes below.
    package let locksPaths: Bool

    package init(
        maxUSDMicro: Int? = nil, attempts: Int = 1, backoffMilliseconds: [Int] = [], leaseSeconds: Int? = nil,
        locksPaths: Bool = false
    ) {
        self.maxUSDMicro = maxUSDMicro
        self.attempts = attempts
        self.backoffMilliseconds = backoffMilliseconds
        self.leaseSeconds = leaseSeconds
        self.locksPaths = locksPaths
    }

    /// Where the registry has no policy.
    package static let none = Policy()
}
