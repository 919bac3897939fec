import LoopbackServer
import Testing

@testable import HTTP

@Suite("Transfers that fail", .tags(.medium), .timeLimit(.minutes(1)))
struct HTTPFailureTests {
    let client = HTTPClient()

    @Test("A refused connection is named, without credentials")
    func refused() async throws {
        let closed = try RefusingPort()
        await expectFailure(.connect) {
            try await client.send(HTTPRequest(.get, "http://user:secret@127.0.0.1:\(closed.port)/a?token=secret"))
        } check: {
            #expect($0.url == "http://127.0.0.1:\(closed.port)/a")
            #expect(!$0.description.contains("secret"))
            #expect($0.happenedBeforeSending)
        }
    }

    @Test("A unix socket that is not there is a failed connection")
    func noSocket() async throws {
        let folder = try TemporaryFolder()
        await expectFailure(.connect) {
            try await client.send(HTTPRequest(.get, "http://engine/", unixSocket: folder.path + "/none"))
        }
    }

    @Test(
        "A body that ends early is an error",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n12345",
        ])
    func truncated(bytes: String) async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write(bytes)
        }
        let response = try await client.send(HTTPRequest(.get, server.url))
        await expectFailure(.truncated) { try await response.collect(upTo: 1000) }
    }

    @Test("A connection that closes before the answer is a lost connection")
    func lost() async throws {
        let server = try LoopbackServer { _ = $0.readRequest() }
        await expectFailure(.connectionLost) { try await client.send(HTTPRequest(.get, server.url)) }
    }

    @Test(
        "What is not HTTP is an error of the protocol",
        arguments: ["SSH-2.0-OpenSSH\r\n\r\n", "<html>hello</html>\r\n"])
    func notHTTP(bytes: String) async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write(bytes)
        }
        await expectFailure(.protocol) { try await client.send(HTTPRequest(.get, server.url)) }
    }

    @Test("TLS with a server that speaks none fails as TLS")
    func tls() async throws {
        let server = try LoopbackServer { connection in connection.write("HTTP/1.1 400 Bad Request\r\n\r\n") }
        await expectFailure(.tls) { try await client.send(HTTPRequest(.get, "https://127.0.0.1:\(server.port)/")) }
    }

    @Test("No answer within the deadline for the first byte ends the transfer")
    func firstByte() async throws {
        let closed = Signal()
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.waitForEnd()
            closed.fire()
        }
        await expectFailure(.timeout(.firstByte)) {
            try await client.send(
                HTTPRequest(.get, server.url, deadlines: HTTPDeadlines(firstByte: .milliseconds(50))))
        }
        await closed.wait()
    }

    @Test("Silence inside the answer ends the transfer after the idle deadline")
    func idle() async throws {
        let closed = Signal()
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
            connection.waitForEnd()
            closed.fire()
        }
        let response = try await client.send(
            HTTPRequest(.get, server.url, deadlines: HTTPDeadlines(idle: .milliseconds(50))))
        await expectFailure(.timeout(.idle)) { try await response.collect(upTo: 1000) }
        await closed.wait()
    }

    @Test("An answer that drips for ever ends with the deadline of the whole")
    func whole() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while connection.write("x") {}
        }
        let response = try await client.send(
            HTTPRequest(.get, server.url, deadlines: HTTPDeadlines(whole: .milliseconds(100))))
        await expectFailure(.timeout(.whole)) { for try await _ in response.body {} }
    }

    @Test("Cancelling before the answer closes the connection")
    func cancelHead() async throws {
        let (received, closed) = (Signal(), Signal())
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            received.fire()
            connection.waitForEnd()
            closed.fire()
        }
        let url = server.url
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await expectFailure(.cancelled) {
                    try await client.send(HTTPRequest(.get, url, deadlines: .stream))
                }
            }
            await received.wait()
            group.cancelAll()
        }
        await closed.wait()
    }

    @Test("Cancelling inside the body closes the connection")
    func cancelBody() async throws {
        let closed = Signal()
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\nx")
            connection.waitForEnd()
            closed.fire()
        }
        let first = Signal()
        let response = try await client.send(HTTPRequest(.get, server.url, deadlines: .stream))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await expectFailure(.cancelled) {
                    for try await _ in response.body { first.fire() }
                }
            }
            await first.wait()
            group.cancelAll()
        }
        await closed.wait()
    }

    @Test("A request that was cancelled before it began sends nothing")
    func cancelledBefore() async throws {
        let server = try LoopbackServer.answering { _ in Reply() }
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask { await expectFailure(.cancelled) { try await client.send(HTTPRequest(.get, server.url)) } }
        }
        #expect(server.requests.isEmpty)
    }

    @Test("Dropping an answer unread closes the connection")
    func dropped() async throws {
        let closed = Signal()
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\nx")
            connection.waitForEnd()
            closed.fire()
        }
        _ = try await client.send(HTTPRequest(.get, server.url, deadlines: .stream)).status
        await closed.wait()
    }

    @Test("An answer outlives its client")
    func clientGone() async throws {
        let server = try LoopbackServer.answering { _ in Reply("hello") }
        func send() async throws -> HTTPResponse { try await HTTPClient().send(HTTPRequest(.get, server.url)) }
        let response = try await send()
        #expect(try await response.text() == "hello")
    }
}
