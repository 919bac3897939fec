/// When to send a request again, and after how long. A pure rule; whoever applies it does the waiting.
package struct RetryPolicy: Sendable, Equatable {
    /// How an attempt ended.
    package enum Outcome: Sendable, Equatable {
        case answered(status: Int, headers: HTTPHeaders)
        case failed(HTTPError)
    }

    /// Attempts in all, the first included.
    package var attempts: Int
    /// The longest pause after the first attempt; doubles with each further one.
    package var base: Duration
    /// The longest pause of all, but for what a server asks.
    package var cap: Duration
    /// The longest `Retry-After` that is obeyed; a server that asks for more gets no further attempt.
    package var patience: Duration

    package init(
        attempts: Int = 5, base: Duration = .milliseconds(200), cap: Duration = .seconds(10),
        patience: Duration = .seconds(60)
    ) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
        self.patience = patience
    }

    /// One attempt only.
    package static let never = RetryPolicy(attempts: 1)

    /// The pause before the next attempt; `nil` when the outcome stands.
    ///
    /// Only requests that may be sent twice are (RFC 9110, 9.2.2), and any request that certainly was not received.
    /// "Full jitter": anything between nothing and the exponential bound, so that clients that failed together don't come
    /// back together.
    ///
    /// - Parameters:
    ///   - attempt: how many there have been, from 1.
    ///   - isIdempotent: whether the request may be sent twice; default what its method says.
    ///   - jitter: a random number in 0..<1.
    package func delay(
        after outcome: Outcome, attempt: Int, method: HTTPMethod, isIdempotent: Bool? = nil, jitter: Double
    ) -> Duration? {
        guard attempt < attempts else { return nil }
        let maySendTwice = isIdempotent ?? method.isIdempotent
        var atLeast = Duration.zero
        switch outcome {
        case .failed(let error):
            guard error.isTransient, maySendTwice || error.happenedBeforeSending else { return nil }
        case .answered(let status, let headers):
            guard maySendTwice, Self.isTransient(status: status) else { return nil }
            atLeast = Self.retryAfter(headers) ?? .zero
            guard atLeast <= patience else { return nil }
        }
        let doubled = base * (1 << min(attempt - 1, 20))
        return max(atLeast, min(cap, doubled) * jitter)
    }

    /// Too early, too many, or a server that is not well.
    package static func isTransient(status: Int) -> Bool {
        switch status {
        case 408, 425, 429, 500, 502, 503, 504: true
        default: false
        }
    }

    /// What `Retry-After` asks for: seconds, or a date, counted from the answer's own `Date` so that neither clock
    /// matters (RFC 9110, 10.2.3).
    package static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers["Retry-After"] else { return nil }
        if let seconds = Int(text) { return seconds >= 0 ? .seconds(min(seconds, 86400 * 365)) : nil }
        guard let then = HTTPDate(text), let now = headers["Date"].flatMap(HTTPDate.init) else { return nil }
        return .seconds(max(0, then.secondsSinceEpoch - now.secondsSinceEpoch))
    }
}
