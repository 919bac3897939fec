import LoopbackServer
import Synchronization
import Testing

@testable import HTTP

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

@Suite("Requests and answers", .tags(.medium), .timeLimit(.minutes(1)))
struct HTTPClientTests {
    let client = HTTPClient()

    @Test("Status, headers and body arrive as sent", arguments: [200, 204, 404, 500])
    func answer(status: Int) async throws {
        let server = try LoopbackServer.answering { _ in
            Reply(status, headers: [("X-Many", "a"), ("x-many", "b")], status == 204 ? "" : "hello")
        }
        let response = try await client.send(HTTPRequest(.get, server.url + "/path?q=1"))
        #expect(response.status == status)
        #expect(response.headers.values("X-MANY") == ["a", "b"])
        #expect(try await response.text() == (status == 204 ? "" : "hello"))
        #expect(server.requests.map(\.target) == ["/path?q=1"])
    }

    @Test("Every method sends its body with a length", arguments: HTTPMethod.allCases)
    func methods(method: HTTPMethod) async throws {
        let server = try LoopbackServer.answering { request in Reply("got \(request.body.count)") }
        let hasBody = method != .get && method != .head
        let response = try await client.send(
            HTTPRequest(
                method, server.url, headers: ["Content-Type": "text/x", "X-Empty": ""],
                body: hasBody ? .bytes([1, 2, 3]) : .none))
        #expect(try await response.text() == (method == .head ? "" : hasBody ? "got 3" : "got 0"))
        let request = try #require(server.requests.first)
        #expect(request.method == method.rawValue)
        #expect(request.header("content-length") == (hasBody ? "3" : nil))
        #expect(request.header("x-empty") == "")
        #expect(request.header("expect") == nil)
        #expect(request.header("user-agent") == "pinion")
        #expect(request.header("content-type") == "text/x")
    }

    @Test("POST without a body says so")
    func emptyPost() async throws {
        let server = try LoopbackServer.answering { _ in Reply() }
        _ = try await client.send(HTTPRequest(.post, server.url)).text()
        #expect(server.requests.first?.header("content-length") == "0")
    }

    @Test("A file is sent from its offset, whatever its position, and stays open")
    func file() async throws {
        let file = try TemporaryFile(Array("0123456789".utf8))
        let server = try LoopbackServer.answering { Reply($0.bodyText) }
        let body = HTTPRequest.Body.file(descriptor: file.descriptor, offset: 2, length: 5)
        for _ in 0..<2 {
            #expect(try await client.send(HTTPRequest(.put, server.url, body: body)).text() == "23456")
        }
    }

    @Test("A file shorter than announced is an error of the source")
    func shortFile() async throws {
        let file = try TemporaryFile([1, 2, 3])
        let server = try LoopbackServer.answering { _ in Reply() }
        await expectFailure(.source) {
            try await client.send(HTTPRequest(.put, server.url, body: .file(descriptor: file.descriptor, length: 4)))
        }
    }

    @Test("One connection serves one request after another")
    func keepAlive() async throws {
        let connections = Counter()
        let server = try LoopbackServer { connection in
            connections.increment()
            while connection.readRequest() != nil {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        for _ in 0..<5 { #expect(try await client.send(HTTPRequest(.get, server.url)).text() == "ok") }
        #expect(connections.value == 1)
    }

    @Test("Over plain HTTP no request waits for the first one's answer")
    func together() async throws {
        let arrived = Arrivals()
        let server = try LoopbackServer.answering { _ in
            arrived.add()
            for _ in 0..<300 where arrived.count < 8 { usleep(10_000) }
            return Reply("\(arrived.count)")
        }
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask { try await client.send(HTTPRequest(.get, server.url)).text() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(texts == Array(repeating: "8", count: 8))
    }

    /// How many requests have come.
    private final class Arrivals: Sendable {
        private let state = Mutex(0)

        var count: Int { state.withLock { $0 } }

        func add() { state.withLock { $0 += 1 } }
    }

    @Test("A hundred transfers at once all arrive")
    func many() async throws {
        let server = try LoopbackServer.answering { Reply($0.target) }
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<100 {
                group.addTask { try await client.send(HTTPRequest(.get, "\(server.url)/\(number)")).text() }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(texts == Set((0..<100).map { "/\($0)" }))
    }

    @Test("A unix socket takes the place of the host")
    func unixSocket() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/s"
        let server = try LoopbackServer.answering(unixSocket: path) { Reply($0.header("host") ?? "") }
        let response = try await client.send(HTTPRequest(.get, "http://engine/_ping", unixSocket: path))
        #expect(try await response.text() == "engine")
        #expect(server.requests.map(\.target) == ["/_ping"])
    }

    @Test("A body larger than the limit is refused, announced or not")
    func tooLarge() async throws {
        let announced = try LoopbackServer.answering { _ in Reply(String(repeating: "x", count: 11)) }
        let surprising = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nxxxxxx\r\n5\r\nxxxxx\r\n0\r\n\r\n")
        }
        for url in [announced.url, surprising.url] {
            let response = try await client.send(HTTPRequest(.get, url))
            await expectFailure(.tooLarge) { try await response.collect(upTo: 10) }
        }
        #expect(try await client.send(HTTPRequest(.get, announced.url)).collect(upTo: 11).count == 11)
    }

    @Test("A HEAD answer has no body, whatever length it announces")
    func head() async throws {
        let server = try LoopbackServer.answering { _ in Reply(headers: [("Content-Length", "1000000")]) }
        let response = try await client.send(HTTPRequest(.head, server.url))
        #expect(try await response.collect(upTo: 0) == [])
        #expect(response.headers["content-length"] == "1000000")
    }

    @Test("Malformed headers are refused before anything is sent")
    func malformedHeader() async throws {
        let server = try LoopbackServer.answering { _ in Reply() }
        await expectFailure(.invalidRequest) {
            try await client.send(HTTPRequest(.get, server.url, headers: ["X": "1\r\nY: 2"]))
        }
        #expect(server.requests.isEmpty)
    }
}
