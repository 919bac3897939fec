import DeploymentModel
import HTTP
import JSON
import NIOCore
import NIOPosix
import Synchronization
import Testing
import WebSocket

@testable import Adapters

/// Every transport against a server on loopback.
@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct TransportTests {
    private let payload: RunPayload
    private let client = HTTPClient()
    private static let result = #"{"status":"error","execution_id":"E1","error":{"code":"ERR_X","message":"m"}}"#
    private static let ack = #"{"kind":"Ack","content":{"execution_id":"E1"}}"#

    init() throws {
        let id = try ExecutionID("E1")
        payload = RunPayload(
            executionID: id, mode: .mock, inputs: [:], writePrefix: try WritePrefix("/artifacts/o/", for: id))
    }

    private func run(
        _ transport: any ProcessorTransport, at origin: String
    ) async -> (Result<JSONValue, Failure>, [ProcessorEvent]) {
        let events = Mutex<[ProcessorEvent]>([])
        let result: Result<JSONValue, Failure>
        let endpoint = ProcessorEndpoint(origin: origin + "/", headers: ["X-Key": "k"], api: ProcessorAPI())
        do throws(Failure) {
            result = .success(
                try await transport.run(payload, at: endpoint) { event in events.withLock { $0.append(event) } })
        } catch {
            result = .failure(error)
        }
        return (result, events.withLock { $0 })
    }

    private func code(_ result: Result<JSONValue, Failure>) -> ErrorCode? {
        if case .failure(let failure) = result { failure.code } else { nil }
    }

    // MARK: WebSocket

    @Test func webSocketGivesEventsThenTheEnvelope() async throws {
        let messages = Mutex<[String]>([])
        let server = LoopbackServer(webSocket: { message in
            messages.withLock { $0.append(message) }
            return [
                .text(Self.ack), .text(#"{"kind":"Token","content":{"text":"a"}}"#),
                .text(#"{"kind":"RunResult","content":\#(Self.result)}"#),
            ]
        })
        let (result, events) = try await server.run { await run(WebSocketTransport(), at: $0) }
        #expect(try result.get() == JSONValue(parsing: Self.result))
        #expect(events == [.token("a")])
        let opening = try JSONValue(parsing: messages.withLock { $0.first ?? "" })
        #expect(opening["content"]?["payload"] == payload.json)
        #expect(messages.withLock { $0.count } == 1)
    }

    static let webSocketFailures: [([LoopbackServer.Message], ErrorCode)] = [
        ([.text("no JSON")], .wsProtocol), ([.text(#"{"kind":"Token","content":{"text":"a"}}"#)], .wsProtocol),
        ([.text(ack), .close(1011, "out of memory")], .wsClose), ([.text(ack), .drop], .wsClose),
        ([.close(1000, "")], .wsClose),
    ]

    @Test(arguments: webSocketFailures)
    func webSocketFailuresHaveTheirCodes(answers: [LoopbackServer.Message], expected: ErrorCode) async throws {
        let (result, _) = try await LoopbackServer(webSocket: { _ in answers }).run {
            await run(WebSocketTransport(), at: $0)
        }
        #expect(code(result) == expected)
        if case .failure(let failure) = result, answers.count == 2, expected == .wsClose, case .close = answers[1] {
            #expect(failure.message.contains("1011") && failure.message.contains("out of memory"))
        }
    }

    @Test func anUpgradeThatIsNeverAnsweredIsATimeout() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        var limits = WebSocketLimits()
        limits.connect = .milliseconds(200)
        let origin = "http://127.0.0.1:\(server.localAddress?.port ?? 0)"
        #expect(code(await run(WebSocketTransport(limits: limits), at: origin).0) == .wsTimeout)
        try await server.close()
    }

    @Test func aClosedPortIsANetworkFailure() async throws {
        let origin = try await LoopbackServer().run { $0 }
        for transport: any ProcessorTransport in [
            WebSocketTransport(), HTTPTransport(client: client), EventStreamTransport(client: client),
        ] {
            #expect(code(await run(transport, at: origin).0) == .network)
        }
    }

    // MARK: HTTP

    @Test(arguments: [200, 400, 415, 500])
    func httpTakesAnEnvelopeWhateverTheStatus(status: Int) async throws {
        let requests = Mutex<[LoopbackServer.Request]>([])
        let server = LoopbackServer(http: { request in
            requests.withLock { $0.append(request) }
            return .init(status: status, chunks: [Self.result])
        })
        let (result, _) = try await server.run { await run(HTTPTransport(client: client), at: $0) }
        #expect(try result.get() == JSONValue(parsing: Self.result))
        let request = try #require(requests.withLock { $0.first })
        #expect(request.method == "POST")
        #expect(request.path == "/run")
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["x-key"] == "k")
        #expect(try JSONValue(parsing: request.body) == payload.json)
    }

    @Test(arguments: [
        LoopbackServer.Reply(chunks: ["not json"]), .init(chunks: ["[]"]), .init(chunks: [#"{"ok":true}"#]),
        .init(status: 502, type: "text/html", chunks: ["<html>"]), .init(chunks: []),
        .init(chunks: [#"{"status":"#], ends: false), .init(status: 404),
    ])
    func httpWithoutAnEnvelopeIsABadResponse(reply: LoopbackServer.Reply) async throws {
        let (result, _) = try await LoopbackServer(http: { _ in reply }).run {
            await run(HTTPTransport(client: client), at: $0)
        }
        #expect(code(result) == .badResponse)
    }

    // MARK: Event stream

    @Test(arguments: ["done", "error"])
    func eventStreamGivesProgressThenTheEnvelope(last: String) async throws {
        let server = LoopbackServer(http: { request in
            guard request.path == "/run-stream" else { return .init(status: 404) }
            return .init(
                type: "text/event-stream; charset=utf-8",
                chunks: ["event: progress\ndata: {\"done\":0.", "5}\n\nevent: \(last)\nda", "ta: \(Self.result)\n\n"])
        })
        let (result, events) = try await server.run { await run(EventStreamTransport(client: client), at: $0) }
        #expect(try result.get() == JSONValue(parsing: Self.result))
        #expect(events == [.other(kind: "progress", content: ["done": 0.5])])
    }

    @Test(arguments: [404, 405])
    func eventStreamFallsBackToPlainHTTP(status: Int) async throws {
        let server = LoopbackServer(http: { request in
            request.path == "/run" ? .init(chunks: [Self.result]) : .init(status: status, chunks: ["no"])
        })
        let (result, _) = try await server.run { await run(EventStreamTransport(client: client), at: $0) }
        #expect(try result.get() == JSONValue(parsing: Self.result))
    }

    @Test func eventStreamTakesAPlainEnvelope() async throws {
        let server = LoopbackServer(http: { _ in .init(status: 400, chunks: [Self.result]) })
        let (result, _) = try await server.run { await run(EventStreamTransport(client: client), at: $0) }
        #expect(try result.get() == JSONValue(parsing: Self.result))
    }

    @Test(arguments: [
        ["event: progress\ndata: 1\n\n"], ["event: done\ndata: {}\n\n"], ["event: done\ndata: \(result)\n"],
        ["data: \(result)\n\n"],
    ])
    func anEventStreamWithoutAnEnvelopeIsABadResponse(chunks: [String]) async throws {
        let server = LoopbackServer(http: { _ in .init(type: "text/event-stream", chunks: chunks) })
        let (result, _) = try await server.run { await run(EventStreamTransport(client: client), at: $0) }
        #expect(code(result) == .badResponse)
    }

    @Test func anEventWithoutAnEndIsABadResponse() async throws {
        let line = String(repeating: "x", count: 1 << 20)
        let server = LoopbackServer(http: { _ in
            .init(type: "text/event-stream", chunks: ["data: "] + [String](repeating: line, count: 100))
        })
        let (result, _) = try await server.run { await run(EventStreamTransport(client: client), at: $0) }
        #expect(code(result) == .badResponse)
    }

    // MARK: All

    /// As Modal does while a run takes longer than it holds a request open.
    @Test(arguments: [true, false])
    func aRunThatIsAnsweredElsewhereIsFollowed(streams: Bool) async throws {
        let requests = Mutex<[LoopbackServer.Request]>([])
        let server = LoopbackServer(http: { request in
            let count = requests.withLock {
                $0.append(request)
                return $0.count
            }
            guard count > 3 else {
                return .init(status: 303, location: "\(request.path.prefix { $0 != "?" })?call=\(count)")
            }
            return streams
                ? .init(type: "text/event-stream", chunks: ["event: done\ndata: \(Self.result)\n\n"])
                : .init(chunks: [Self.result])
        })
        let transport: any ProcessorTransport =
            streams ? EventStreamTransport(client: client) : HTTPTransport(client: client)
        let (result, _) = try await server.run { await run(transport, at: $0) }
        #expect(try result.get() == JSONValue(parsing: Self.result))
        let path = streams ? "/run-stream" : "/run"
        requests.withLock { requests in
            #expect(requests.map(\.method) == ["POST", "GET", "GET", "GET"])
            #expect(requests.map(\.path) == [path] + (1...3).map { "\(path)?call=\($0)" })
            #expect(requests.allSatisfy { $0.headers["x-key"] == "k" })
        }
    }

    @Test func theKeysOfAnEndpointStayWithItsOrigin() async throws {
        let seen = Mutex<[LoopbackServer.Request]>([])
        let other = LoopbackServer(http: { request in
            seen.withLock { $0.append(request) }
            return .init(chunks: [Self.result])
        })
        let (result, _) = try await other.run { elsewhere in
            try await LoopbackServer(http: { _ in .init(status: 303, location: elsewhere + "/answer") })
                .run { await run(HTTPTransport(client: client), at: $0) }
        }
        #expect(try result.get() == JSONValue(parsing: Self.result))
        #expect(seen.withLock { $0.map(\.path) } == ["/answer"])
        #expect(seen.withLock { $0.map { $0.headers["x-key"] } } == [nil])
    }

    enum Way: CaseIterable { case webSocket, http, events }

    /// The processor sees the connection end, however long the run's deadline and whatever the run is waiting for.
    @Test(arguments: Way.allCases, [true, false])
    func cancellingReachesTheProcessor(way: Way, readerIsBusy: Bool) async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let (gone, go) = AsyncStream.makeStream(of: Void.self)
        let (held, release) = AsyncStream.makeStream(of: Void.self)
        let server = LoopbackServer(
            http: { _ in
                guard way == .events else {
                    start.finish()
                    for await _ in gone {}
                    return .init()
                }
                // The connection stays open after the event.
                return .init(type: "text/event-stream", chunks: ["data: 1\n\n"], stays: true)
            },
            webSocket: { _ in [.text(Self.ack), .text(#"{"kind":"Token","content":{"text":"a"}}"#)] },
            clientHasGone: { go.finish() })
        let transport: any ProcessorTransport =
            switch way {
            case .webSocket: WebSocketTransport()
            case .http: HTTPTransport(client: client)
            case .events: EventStreamTransport(client: client)
            }
        try await server.run { origin in
            let endpoint = ProcessorEndpoint(origin: origin, api: ProcessorAPI())
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [payload] in
                    _ = try? await transport.run(payload, at: endpoint) { _ in
                        start.finish()
                        // A task of its own takes no notice of the cancellation.
                        if readerIsBusy { await Task { for await _ in held {} }.value }
                    }
                }
                for await _ in started {}
                group.cancelAll()
                for await _ in gone {}
                release.finish()
            }
        }
    }
}
