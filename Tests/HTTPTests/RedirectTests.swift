import LoopbackServer
import Testing

@testable import HTTP

@Suite("Redirects", .tags(.medium), .timeLimit(.minutes(1)))
struct RedirectTests {
    let client = HTTPClient()

    @Test("Without a limit the redirect itself is the answer")
    func notFollowed() async throws {
        let server = try LoopbackServer.answering { _ in Reply(307, headers: [("Location", "/b")]) }
        #expect(try await client.send(HTTPRequest(.get, server.url)).status == 307)
        #expect(server.requests.count == 1)
    }

    @Test("Credentials stay with their origin")
    func otherOrigin() async throws {
        let other = try LoopbackServer.answering { _ in Reply("blob") }
        let server = try LoopbackServer.answering { [url = other.url] request in
            request.path == "/a"
                ? Reply(307, headers: [("Location", "/b")])
                : Reply(302, headers: [("Location", url + "/c?signature=s")])
        }
        let response = try await client.send(
            HTTPRequest(
                .get, server.url + "/a", headers: ["Authorization": "Bearer t", "Accept": "x"], redirectLimit: 10))
        #expect(try await response.text() == "blob")
        #expect(response.url.string == other.url + "/c?signature=s")
        #expect(server.requests.map { $0.header("authorization") } == ["Bearer t", "Bearer t"])
        #expect(other.requests.map { $0.header("authorization") } == [nil])
        #expect(other.requests.map { $0.header("accept") } == ["x"])
    }

    @Test("A loop ends at the limit", arguments: [1, 10])
    func loop(limit: Int) async throws {
        let server = try LoopbackServer.answering { _ in Reply(302, headers: [("Location", "/again")]) }
        await expectFailure(.redirect) { try await client.send(HTTPRequest(.get, server.url, redirectLimit: limit)) }
        #expect(server.requests.count == limit + 1)
    }

    @Test(
        "Methods and bodies change as RFC 9110 says",
        arguments: [
            (301, HTTPMethod.post, "GET "), (302, .post, "GET "), (303, .post, "GET "), (303, .put, "GET "),
            (307, .post, "POST x"), (308, .post, "POST x"), (301, .put, "PUT x"), (302, .get, "GET "),
            (303, .head, "HEAD "),
        ])
    func methods(status: Int, method: HTTPMethod, expected: String) async throws {
        let server = try LoopbackServer.answering { request in
            request.path == "/a" ? Reply(status, headers: [("Location", "/b")]) : Reply()
        }
        let body: HTTPRequest.Body = method == .get || method == .head ? .none : .bytes(Array("x".utf8))
        _ = try await client.send(HTTPRequest(method, server.url + "/a", body: body, redirectLimit: 3)).text()
        #expect(server.requests.last.map { "\($0.method) \($0.bodyText)" } == expected)
    }

    @Test("A redirect to another protocol or from https to http is refused")
    func refused() async throws {
        let server = try LoopbackServer.answering { _ in Reply(302, headers: [("Location", "file:///etc/passwd")]) }
        await expectFailure(.invalidRequest) { try await client.send(HTTPRequest(.get, server.url, redirectLimit: 3)) }
        let (from, to) = (try HTTPURL("https://a/"), try HTTPURL("http://a/"))
        #expect(throws: HTTPError.self) {
            try HTTPRequest(.get, from.string).redirected(from: from, to: to, status: 302)
        }
    }
}
