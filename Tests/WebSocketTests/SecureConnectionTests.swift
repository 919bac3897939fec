import HTTP
import LoopbackServer
import Synchronization
import Testing

@testable import WebSocket

/// `wss`, on connections that libcurl makes.
@Suite(.tags(.medium), .timeLimit(.minutes(2))) struct SecureConnectionTests {
    @Test func exchangesMessagesOfAnySizeAndClosesWith1000() async throws {
        let closing = Mutex<Peer.Frame?>(nil)
        let large = String(repeating: "é", count: 1_000_000)
        try await ScriptedServer.run { peer in
            try await peer.accept()
            let question = try await peer.readFrame()
            try await peer.send(text: "got \(question.payload.count)")
            for _ in 0..<40 { try await peer.send(Peer.frame(1, [UInt8](repeating: 0x41, count: 50_000))) }
            let frame = try await peer.readFrame()
            closing.withLock { $0 = frame }
            try await peer.send(Peer.frame(8, frame.payload))
        } while: { port in
            try await CompanyNetwork.with(endingAt: port) { ways in
                let received = try await WebSocketConnection.withConnection(
                    to: request("localhost:\(ways.tls)"), through: client(trusting: ways)
                ) { connection in
                    try await connection.send(text: large)
                    var received: [Int] = []
                    for try await text in connection.messages {
                        received.append(text.utf8.count)
                        if received.count == 41 { break }
                    }
                    return received
                }
                #expect(received == ["got 2000000".utf8.count] + [Int](repeating: 50_000, count: 40))
            }
        }
        #expect(closing.withLock { $0?.closeCode } == 1000)
    }

    /// No word of the upgrade may leave before the certificate is believed: its header fields are secret.
    @Test(arguments: [(host: "localhost", isTrusted: false), (host: "127.0.0.1", isTrusted: true)])
    func aCertificateThatCannotBeBelievedIsRefused(host: String, isTrusted: Bool) async throws {
        let wasReached = Mutex(false)
        try await ScriptedServer.run { peer in
            try await peer.readRequest()
            wasReached.withLock { $0 = true }
        } while: { port in
            try await CompanyNetwork.with(endingAt: port) { ways in
                let error = await failure(
                    "\(host):\(ways.tls)", isTrusted ? client(trusting: ways) : HTTPClient(.init()))
                #expect(error?.kind == .connect)
                #expect(error?.message.lowercased().contains("certificate") == true, "\(String(describing: error))")
            }
        }
        #expect(!wasReached.withLock { $0 })
    }

    @Test func aServerWithoutTLSIsAConnectError() async throws {
        try await ScriptedServer.run { peer in
            try await peer.send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        } while: { port in
            #expect(await failure("127.0.0.1:\(port)")?.kind == .connect)
        }
    }

    @Test func aClosedPortIsAConnectError() async throws {
        let port = try RefusingPort()
        #expect(await failure("127.0.0.1:\(port.port)")?.kind == .connect)
    }

    @Test func aServerThatNeverShakesHandsTimesOut() async throws {
        try await ScriptedServer.run { peer in
            try await peer.readToEnd()
        } while: { port in
            var limits = WebSocketLimits()
            limits.connect = .milliseconds(50)
            #expect(await failure("127.0.0.1:\(port)", limits: limits)?.kind == .timeout)
        }
    }

    /// With deadlines so long that waiting for one would fail the test; the server's script ends when it sees the end.
    @Test(arguments: [true, false])
    func cancellingTheTaskDropsTheConnection(isOpen: Bool) async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        try await ScriptedServer.run { peer in
            if isOpen {
                try await peer.accept()
            } else {
                _ = try await peer.inbound.next(isolation: #isolation)  // The client's hello.
                start.finish()
            }
            try await peer.readToEnd()
        } while: { port in
            try await CompanyNetwork.with(endingAt: port) { ways in
                var limits = WebSocketLimits()
                limits.connect = .seconds(3600)
                limits.close = .seconds(3600)
                let long = limits
                let (client, address) = (client(trusting: ways), "localhost:\(isOpen ? ways.tls : port)")
                await withTaskGroup(of: WebSocketError?.self) { group in
                    group.addTask { await failure(address, client, limits: long) { start.finish() } }
                    for await _ in started {}
                    group.cancelAll()
                    #expect(await group.next()??.kind == .cancelled)
                }
            }
        }
    }

    @Test func aConnectionThatJustEndsIsAbnormal() async throws {
        try await ScriptedServer.run { peer in
            try await peer.accept()
            try await peer.send(text: "only")
        } while: { port in
            try await CompanyNetwork.with(endingAt: port) { ways in
                let error = await failure("localhost:\(ways.tls)", client(trusting: ways))
                #expect(error?.kind == .closed(.abnormal, reason: ""))
            }
        }
    }

    @Test func aSlowReaderMakesTheServerWait() async throws {
        let sent = Mutex(0)
        // Far more than the buffers of all sockets on the way can grow to.
        let total = 20_000
        try await ScriptedServer.run { peer in
            try await peer.accept()
            let message = Peer.frame(1, [UInt8](repeating: 0x41, count: 60_000))
            for _ in 0..<total {
                try await peer.send(message)
                sent.withLock { $0 += 1 }
            }
            while try await peer.readFrame().opcode != 8 {}
            try await peer.send(Peer.frame(8, [3, 0xE8]))
        } while: { port in
            try await CompanyNetwork.with(endingAt: port) { ways in
                try await WebSocketConnection.withConnection(
                    to: request("localhost:\(ways.tls)"), through: client(trusting: ways)
                ) { connection in
                    var iterator = connection.messages.makeAsyncIterator()
                    _ = try await iterator.next()
                    // The server is stuck once its count stands still; how long that takes is not asserted.
                    var before = -1
                    while before != sent.withLock({ $0 }) {
                        before = sent.withLock { $0 }
                        try await connection.send(text: "tick")
                        for _ in 0..<100_000 { await Task.yield() }
                    }
                    #expect(before < total)
                    // It goes on as soon as somebody reads; not all of it has to be waited for.
                    let stuck = before
                    var received = 1
                    while received < stuck + 500, try await iterator.next() != nil { received += 1 }
                    #expect(received == stuck + 500)
                }
            }
        }
    }

    private func request(_ address: String) throws -> WebSocketRequest {
        try WebSocketRequest(url: "wss://\(address)/run", subprotocol: "test.v1")
    }

    private func client(trusting ways: CompanyNetwork.Ways) -> HTTPClient {
        HTTPClient(.init(certificateFile: ways.authority))
    }

    /// What ends a connection on which all messages are read.
    private func failure(
        _ address: String, _ client: HTTPClient = HTTPClient(), limits: WebSocketLimits = WebSocketLimits(),
        whenOpen: () -> Void = {}
    ) async -> WebSocketError? {
        do {
            try await WebSocketConnection.withConnection(to: request(address), limits: limits, through: client) {
                connection in
                whenOpen()
                for try await _ in connection.messages {}
            }
            return nil
        } catch {
            return error as? WebSocketError
        }
    }
}
