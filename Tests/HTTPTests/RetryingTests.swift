import LoopbackServer
import Synchronization
import Testing

@testable import HTTP

@Suite("Sending again over the wire", .tags(.medium), .timeLimit(.minutes(1)))
struct RetryingTests {
    /// Waits for nothing, and remembers what it would have waited for.
    final class Pauses: Sendable {
        let durations = Mutex<[Duration]>([])

        var retrying: Retrying {
            Retrying(
                RetryPolicy(attempts: 3, base: .milliseconds(10)),
                wait: { duration in self.durations.withLock { $0.append(duration) } }, jitter: { 0.5 })
        }
    }

    let client = HTTPClient()
    let pauses = Pauses()

    @Test("A server that recovers is asked until it answers")
    func recovers() async throws {
        let count = Counter()
        let server = try LoopbackServer.answering { _ in
            count.increment()
            return count.value < 3 ? Reply(503, headers: [("Retry-After", "2")], "") : Reply("well")
        }
        let reply = try await client.fetch(HTTPRequest(.get, server.url), upTo: 100, retrying: pauses.retrying)
        #expect(reply.body == Array("well".utf8))
        #expect(pauses.durations.withLock { $0 } == [.seconds(2), .seconds(2)])
    }

    @Test("A body that breaks off is fetched again")
    func truncated() async throws {
        let count = Counter()
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            count.increment()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + (count.value < 2 ? "we" : "well"))
        }
        let reply = try await client.fetch(HTTPRequest(.get, server.url), upTo: 100, retrying: pauses.retrying)
        #expect(reply.body == Array("well".utf8))
        #expect(pauses.durations.withLock { $0 } == [.milliseconds(5)])
    }

    @Test("The last answer is what the caller gets, be it an error")
    func givesUp() async throws {
        let server = try LoopbackServer.answering { _ in Reply(500, "ill") }
        let reply = try await client.fetch(HTTPRequest(.get, server.url), upTo: 100, retrying: pauses.retrying)
        #expect(reply.status == 500)
        #expect(server.requests.count == 3)
    }

    @Test("POST goes out once, unless the caller says that twice is fine")
    func post() async throws {
        let server = try LoopbackServer.answering { _ in Reply(500, "ill") }
        let request = HTTPRequest(.post, server.url)
        _ = try await client.fetch(request, upTo: 100, retrying: pauses.retrying)
        #expect(server.requests.count == 1)
        _ = try await client.fetch(request, upTo: 100, isIdempotent: true, retrying: pauses.retrying)
        #expect(server.requests.count == 4)
    }
}
