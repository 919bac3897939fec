import Testing

@testable import HTTP

@Suite("Sending again", .tags(.small))
struct RetryPolicyTests {
    let policy = RetryPolicy(attempts: 4, base: .milliseconds(100), cap: .seconds(1), patience: .seconds(30))

    func answer(_ status: Int, _ headers: HTTPHeaders = [:]) -> RetryPolicy.Outcome {
        .answered(status: status, headers: headers)
    }

    func failure(_ kind: HTTPError.Kind) -> RetryPolicy.Outcome {
        .failed(HTTPError(kind, "", url: ""))
    }

    @Test("Pauses double up to the cap, each cut by the jitter")
    func pauses() {
        let delays = [1, 2, 3].map { policy.delay(after: answer(503), attempt: $0, method: .get, jitter: 0.5) }
        #expect(delays == [.milliseconds(50), .milliseconds(100), .milliseconds(200)])
        let many = RetryPolicy(attempts: 100, base: .milliseconds(100), cap: .seconds(1))
        #expect(many.delay(after: answer(503), attempt: 90, method: .get, jitter: 1) == .seconds(1))
    }

    @Test("The last attempt stands")
    func last() {
        #expect(policy.delay(after: answer(503), attempt: 4, method: .get, jitter: 0) == nil)
        #expect(RetryPolicy.never.delay(after: answer(503), attempt: 1, method: .get, jitter: 0) == nil)
    }

    @Test("What the server decided stands", arguments: [200, 304, 400, 401, 403, 404, 501, 505])
    func decided(status: Int) {
        #expect(policy.delay(after: answer(status), attempt: 1, method: .get, jitter: 0) == nil)
    }

    @Test("What may pass is tried again", arguments: [408, 425, 429, 500, 502, 503, 504])
    func transient(status: Int) {
        #expect(policy.delay(after: answer(status), attempt: 1, method: .get, jitter: 0) == .zero)
        #expect(policy.delay(after: answer(status), attempt: 1, method: .post, jitter: 0) == nil)
        #expect(policy.delay(after: answer(status), attempt: 1, method: .post, isIdempotent: true, jitter: 0) == .zero)
    }

    @Test("POST is sent again only when it was never received")
    func post() {
        #expect(policy.delay(after: failure(.connect), attempt: 1, method: .post, jitter: 0) == .zero)
        #expect(policy.delay(after: failure(.connectionLost), attempt: 1, method: .post, jitter: 0) == nil)
        #expect(policy.delay(after: failure(.connectionLost), attempt: 1, method: .get, jitter: 0) == .zero)
    }

    @Test(
        "Failures that stay are not repeated",
        arguments: [HTTPError.Kind.invalidRequest, .tls, .tooLarge, .redirect, .protocol, .source, .cancelled])
    func permanent(kind: HTTPError.Kind) {
        #expect(policy.delay(after: failure(kind), attempt: 1, method: .get, jitter: 0) == nil)
    }

    @Test("Retry-After is obeyed up to the limit of patience")
    func retryAfter() {
        func delay(_ headers: HTTPHeaders) -> Duration? {
            policy.delay(after: answer(429, headers), attempt: 1, method: .get, jitter: 0)
        }
        #expect(delay(["Retry-After": "7"]) == .seconds(7))
        #expect(delay(["Retry-After": "31"]) == nil)
        #expect(delay(["Retry-After": "soon"]) == .zero)
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        #expect(delay(["Retry-After": "Sun, 06 Nov 1994 08:49:47 GMT", "Date": date]) == .seconds(10))
        #expect(delay(["Retry-After": "Sun, 06 Nov 1994 08:49:07 GMT", "Date": date]) == .zero)
    }

    @Test(
        "HTTP dates are read exactly",
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
        ])
    func dates(text: String, seconds: Int) {
        #expect(HTTPDate(text)?.secondsSinceEpoch == seconds)
    }

    @Test(
        "Other date formats are refused", arguments: ["", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
    func otherDates(text: String) {
        #expect(HTTPDate(text) == nil)
    }
}
