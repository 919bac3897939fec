package import DeploymentModel
package import HTTP
import JSON

/// What a healthy processor says of itself.
package struct ProcessorHealth: Hashable, Sendable {
    /// The digest that it claims to run, if it does.
    package let digest: String?
}

/// How one question after a processor's health is asked, and which answers leave nothing to wait for.
package struct HealthQuestion: Sendable {
    private static let quick = HTTPDeadlines(
        connect: .seconds(2), firstByte: .seconds(5), idle: .seconds(5), whole: .seconds(10))

    let deadlines: HTTPDeadlines
    /// How many redirects are followed.
    let redirectLimit: Int
    /// Why no further answer can be better than this one; `nil` where one may be.
    let refusal: @Sendable (HTTPReply) -> Failure?

    /// Without parameters: as a server on this host is asked.
    package init(
        deadlines: HTTPDeadlines? = nil, redirectLimit: Int = 0,
        refusal: @escaping @Sendable (HTTPReply) -> Failure? = { _ in nil }
    ) {
        self.deadlines = deadlines ?? Self.quick
        self.redirectLimit = redirectLimit
        self.refusal = refusal
    }
}

/// Waits until a processor's server is up: `GET /healthz` answers 200 with `{"ok":true}`.
package struct HealthWait: Sendable {
    private let client: HTTPClient
    private let clock: any Clock<Duration>
    private let question: HealthQuestion

    package init(
        client: HTTPClient = .shared, clock: any Clock<Duration> = ContinuousClock(),
        question: HealthQuestion = HealthQuestion()
    ) {
        self.client = client
        self.clock = clock
        self.question = question
    }

    /// Asks again and again, pausing from 50 ms up to 500 ms, until the answer is right or the time is over.
    ///
    /// - Parameter ended: says how the processor ended, `nil` while it lives; asked after each vain attempt, so that
    ///   nobody waits for the dead.
    /// - Throws: `Failure` with `ERR_HEALTH`, what the question's `refusal` gives, `ERR_NETWORK` for an address that can't
    ///   be asked at all, and what `ended` throws.
    package func wait(
        for endpoint: ProcessorEndpoint, atMost limit: Duration,
        ended: @escaping @Sendable () async throws(Failure) -> String? = { nil }
    ) async throws(Failure) -> ProcessorHealth {
        let last = LastAnswer()
        do throws(Failure) {
            let timeout = Failure(.health, "")
            return try await withDeadline(limit, clock: clock, failing: timeout) { () async throws(Failure) in
                var pause = Duration.milliseconds(50)
                while true {
                    let answer = await self.ask(endpoint)
                    // An attempt that was cut off by the deadline is no answer.
                    if case .vain = answer, Task.isCancelled { throw .cancelledRun }
                    switch answer {
                    case .healthy(let health): return health
                    case .vain(let reason): last.note(reason)
                    case .final(let failure): throw failure
                    }
                    if let end = try await ended() {
                        throw Failure(.health, "the processor \(end) before it was healthy")
                    }
                    do {
                        try await self.clock.sleep(for: pause)
                    } catch {
                        throw .cancelledRun
                    }
                    pause = min(pause * 2, .milliseconds(500))
                }
            }
        } catch {
            guard error.code == .health, error.message.isEmpty else { throw error }
            throw Failure(
                .health, "the processor was not healthy within \(limit): \(last.reason)",
                remedy: "GET \(endpoint.api.healthPath) must answer 200 with {\"ok\":true}.")
        }
    }

    private enum Answer {
        case healthy(ProcessorHealth)
        /// The next may be better.
        case vain(String)
        case final(Failure)
    }

    private func ask(_ endpoint: ProcessorEndpoint) async -> Answer {
        var headers: HTTPHeaders = [:]
        for (name, value) in endpoint.headers.sorted(by: { $0.key < $1.key }) { headers.add(name, value) }
        var request = HTTPRequest(
            .get, endpoint.healthURL, headers: headers, deadlines: question.deadlines,
            redirectLimit: question.redirectLimit)
        request.secretHeaders = Array(endpoint.headers.keys)
        do throws(HTTPError) {
            let reply = try await client.fetch(request, upTo: 64 << 10, retrying: .never)
            if let failure = question.refusal(reply) { return .final(failure) }
            guard reply.status == 200 else { return .vain("it answered HTTP \(reply.status)") }
            guard let value = try? JSONValue(parsing: reply.body) else { return .vain("its answer is no JSON") }
            guard value["ok"] == true else { return .vain("its answer is not {\"ok\":true}") }
            return .healthy(ProcessorHealth(digest: value["digest"]?.stringValue))
        } catch {
            switch error.kind {
            case .invalidRequest, .tls, .redirect: return .final(Failure(run: error))
            default: return .vain(error.description)
            }
        }
    }
}
