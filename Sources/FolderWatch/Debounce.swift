/// Makes one of many changes that come close together: an editor writes several files, git checks out hundreds.
package struct Debounce {
    /// How long nothing may happen before what happened counts.
    private let quiet: Duration
    /// How long changes that never cease are waited out.
    private let limit: Duration
    private var span: (first: ContinuousClock.Instant, last: ContinuousClock.Instant)?

    package init(quiet: Duration, limit: Duration) {
        self.quiet = quiet
        self.limit = limit
    }

    package mutating func note(at now: ContinuousClock.Instant) { span = (span?.first ?? now, now) }

    /// How long to wait from now on; zero when it is time, `nil` when nothing happened.
    package func wait(at now: ContinuousClock.Instant) -> Duration? {
        span.map { max(.zero, min($0.last + quiet, $0.first + limit) - now) }
    }

    /// Takes what happened as seen.
    ///
    /// - Returns: when it began; `nil` when it is not time yet, or nothing happened.
    package mutating func take(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard wait(at: now) == .zero, let first = span?.first else { return nil }
        span = nil
        return first
    }
}
