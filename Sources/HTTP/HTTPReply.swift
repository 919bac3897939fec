/// An answer with its whole body in memory.
package struct HTTPReply: Sendable, Equatable {
    package let status: Int
    package let headers: HTTPHeaders
    /// Where the answer came from, after redirects.
    package let url: HTTPURL
    package let body: [UInt8]

    package init(status: Int, headers: HTTPHeaders, url: HTTPURL, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.url = url
        self.body = body
    }

    /// Whether the status says success (2xx).
    package var isSuccess: Bool { (200..<300).contains(status) }
}

/// How requests are sent again: the rule, and the two impure things that it needs.
package struct Retrying: Sendable {
    package var policy: RetryPolicy
    /// Waits; throwing ends the attempts.
    package var wait: @Sendable (Duration) async throws -> Void
    /// A random number in 0..<1.
    package var jitter: @Sendable () -> Double

    package init(
        _ policy: RetryPolicy = RetryPolicy(),
        wait: @escaping @Sendable (Duration) async throws -> Void = { try await ContinuousClock().sleep(for: $0) },
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.policy = policy
        self.wait = wait
        self.jitter = jitter
    }

    /// One attempt only.
    package static let never = Retrying(.never)
}

extension HTTPClient {
    /// Sends a request and reads the whole answer, again if need be: a body that breaks off counts as a failed attempt.
    ///
    /// - Parameters:
    ///   - limit: the most bytes of body that are taken.
    ///   - isIdempotent: whether the request may be sent twice; default what its method says.
    /// - Throws: the failure of the last attempt; `.tooLarge` for a longer body.
    package func fetch(
        _ request: HTTPRequest, upTo limit: Int, isIdempotent: Bool? = nil, retrying: Retrying = Retrying()
    ) async throws(HTTPError) -> HTTPReply {
        try await attempt(request.method, isIdempotent, retrying) { () async throws(HTTPError) in
            let response = try await self.send(request)
            let body = try await response.collect(upTo: limit)
            return HTTPReply(status: response.status, headers: response.headers, url: response.url, body: body)
        } outcome: {
            .answered(status: $0.status, headers: $0.headers)
        }
    }

    /// Sends a request, again if need be, and returns with the head of the answer; its body streams and is not repeated.
    ///
    /// - Throws: the failure of the last attempt.
    package func send(_ request: HTTPRequest, retrying: Retrying) async throws(HTTPError) -> HTTPResponse {
        try await attempt(request.method, nil, retrying) { () async throws(HTTPError) in
            try await self.send(request)
        } outcome: {
            .answered(status: $0.status, headers: $0.headers)
        }
    }

    private func attempt<Answer>(
        _ method: HTTPMethod, _ isIdempotent: Bool?, _ retrying: Retrying,
        _ body: () async throws(HTTPError) -> Answer, outcome: (Answer) -> RetryPolicy.Outcome
    ) async throws(HTTPError) -> Answer {
        var number = 1
        while true {
            let result: Result<Answer, HTTPError>
            do throws(HTTPError) { result = .success(try await body()) } catch { result = .failure(error) }
            let ended: RetryPolicy.Outcome =
                switch result {
                case .success(let answer): outcome(answer)
                case .failure(let error): .failed(error)
                }
            let pause = retrying.policy.delay(
                after: ended, attempt: number, method: method, isIdempotent: isIdempotent, jitter: retrying.jitter())
            guard let pause else { return try result.get() }
            do { try await retrying.wait(pause) } catch { return try result.get() }
            number += 1
        }
    }
}
