import NIOCore
import Synchronization
import Testing

@testable import WebSocket

/// The whole client against a server on loopback.
@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct WebSocketConnectionTests {
    @Test func exchangesMessagesAndClosesWith1000() async throws {
        let requestLines = Mutex<[String]>([])
        let closing = Mutex<Peer.Frame?>(nil)
        try await ScriptedServer.run { peer in
            try await peer.accept()
            let lines = peer.requestLines
            requestLines.withLock { $0 = lines }
            let question = try await peer.readFrame()
            try await peer.send(text: "\(question.text) \(question.isMasked)")
            try await peer.send(Peer.frame(9, []))
            try await peer.send(text: "2")
            _ = try await peer.readFrame()  // the pong
            let frame = try await peer.readFrame()
            closing.withLock { $0 = frame }
            try await peer.send(Peer.frame(8, frame.payload))
        } while: { port in
            let request = try WebSocketRequest(
                url: "ws://127.0.0.1:\(port)/run?a=b", subprotocol: "test.v1", headers: ["Modal-Key": "k"])
            let received = try await WebSocketConnection.withConnection(to: request) { connection in
                try await connection.send(text: "hé")
                var received: [String] = []
                for try await text in connection.messages {
                    received.append(text)
                    if received.count == 2 { break }
                }
                return received
            }
            #expect(received == ["hé true", "2"])
        }
        #expect(closing.withLock { $0?.closeCode } == 1000)
        requestLines.withLock { lines in
            #expect(lines.first == "GET /run?a=b HTTP/1.1")
            #expect(lines.contains("Modal-Key: k"))
            #expect(lines.contains("Sec-WebSocket-Protocol: test.v1"))
            #expect(lines.contains { $0.hasPrefix("Host: 127.0.0.1:") })
        }
    }

    @Test func aFrameInOnePieceWithTheUpgradeIsNotLost() async throws {
        try await ScriptedServer.run { peer in
            try await peer.accept(then: Peer.frame(1, Array("early".utf8)) + Peer.frame(8, [3, 0xE8]))
            try await peer.readToEnd()
        } while: { port in
            let (texts, _) = try await messages(port)
            #expect(texts == ["early"])
        }
    }

    @Test func everythingMayComeByteByByte() async throws {
        try await ScriptedServer.run { peer in
            try await peer.accept(inPiecesOf: 1, then: Peer.frame(1, Array("slow".utf8)) + Peer.frame(8, [3, 0xE8]))
            try await peer.readToEnd()
        } while: { port in
            let (texts, error) = try await messages(port)
            #expect(texts == ["slow"])
            #expect(error?.kind == .closed(.normal, reason: ""))
        }
    }

    @Test func messagesEndAfterTheOwnClose() async throws {
        try await ScriptedServer.run { peer in
            try await peer.accept()
            let frame = try await peer.readFrame()
            try await peer.send(text: "late")
            try await peer.send(Peer.frame(8, frame.payload))
        } while: { port in
            try await WebSocketConnection.withConnection(to: request(port)) { connection in
                await connection.close(code: .normal, reason: "done")
                for try await text in connection.messages { Issue.record("got \(text)") }
                await #expect(throws: WebSocketError.self) { try await connection.send(text: "x") }
            }
        }
    }

    @Test func aConnectionThatJustEndsIsAbnormal() async throws {
        try await ScriptedServer.run { peer in
            try await peer.accept()
            try await peer.send(text: "only")
        } while: { port in
            let (texts, error) = try await messages(port)
            #expect(texts == ["only"])
            #expect(error?.kind == .closed(.abnormal, reason: ""))
        }
    }

    static let badAnswers: [([String: String?], WebSocketError.Kind)] = [
        (["Sec-WebSocket-Protocol": nil], .protocolViolation),
        (["Sec-WebSocket-Protocol": "other"], .protocolViolation),
        (["Sec-WebSocket-Protocol": "test.v1, other"], .protocolViolation),
        (["Sec-WebSocket-Accept": "AAAA"], .protocolViolation),
        (["Sec-WebSocket-Accept": nil], .protocolViolation),
        (["Sec-WebSocket-Extensions": "permessage-deflate"], .protocolViolation),
        (["Connection": "keep-alive"], .protocolViolation),
        (["Upgrade": "h2c"], .protocolViolation),
    ]

    @Test(arguments: badAnswers)
    func anUpgradeThatIsNotWhatWasAskedForIsRefused(
        replacing: [String: String?], kind: WebSocketError.Kind
    ) async throws {
        try await ScriptedServer.run { peer in
            try await peer.accept(replacing: replacing)
            try await peer.readToEnd()
        } while: { port in
            await #expect { try await messages(port) } throws: { ($0 as? WebSocketError)?.kind == kind }
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", WebSocketError.Kind.refused(status: 404)),
        ("HTTP/1.1 302 Found\r\nLocation: ws://x/\r\nContent-Length: 0\r\n\r\n", .refused(status: 302)),
        ("HTTP/1.1 200 OK\r\n\r\n", .refused(status: 200)),
        ("SSH-2.0-OpenSSH\r\n", .protocolViolation),
        ("HTTP/1.0 101 Old\r\n\r\n", .protocolViolation), ("HTTP/2 101\r\n\r\n", .protocolViolation),
        ("HTTP/1.1 0x1 Odd\r\n\r\n", .protocolViolation), ("HTTP/1.1 101 No\r\nname\r\n\r\n", .protocolViolation),
        ("HTTP/1.1 101 No\r\nA: b\r\n folded\r\n\r\n", .protocolViolation),
        ("HTTP/1.1 101 Long\r\nA: \(String(repeating: "x", count: 20_000))\r\n\r\n", .protocolViolation),
        ("HTTP/1.1 101 Endless\r\n\(String(repeating: "A: b\r\n", count: 4000))", .protocolViolation),
        ("", .connect),
    ])
    func anAnswerThatIsNoUpgradeSaysWhatItIs(answer: String, kind: WebSocketError.Kind) async throws {
        try await ScriptedServer.run { peer in
            try await peer.readRequest()
            try await peer.send(Array(answer.utf8))
            if !answer.isEmpty { try await peer.readToEnd() }
        } while: { port in
            await #expect { try await messages(port) } throws: { ($0 as? WebSocketError)?.kind == kind }
        }
    }

    @Test func aServerThatNeverAnswersTimesOut() async throws {
        try await ScriptedServer.run { peer in
            try await peer.readToEnd()
        } while: { port in
            var limits = WebSocketLimits()
            limits.connect = .milliseconds(50)
            let short = limits
            await #expect { try await messages(port, short) } throws: { ($0 as? WebSocketError)?.kind == .timeout }
        }
    }

    @Test func aClosedPortIsAConnectError() async throws {
        let free = Mutex(0)
        try await ScriptedServer.run { _ in
        } while: { port in
            free.withLock { $0 = port }
        }
        let port = free.withLock { $0 }
        await #expect { try await messages(port) } throws: { ($0 as? WebSocketError)?.kind == .connect }
    }

    @Test func aMessageOverTheLimitIsNotSent() async throws {
        try await ScriptedServer.run { peer in
            try await peer.accept()
            try await peer.readToEnd()
        } while: { port in
            var limits = WebSocketLimits()
            limits.messageBytes = 3
            limits.close = .zero
            _ = try await WebSocketConnection.withConnection(to: request(port), limits: limits) { connection in
                await #expect {
                    try await connection.send(text: "éé")
                } throws: {
                    ($0 as? WebSocketError)?.kind == .messageTooLarge
                }
            }
        }
    }

    /// With deadlines so long that waiting for one would fail the test.
    @Test(arguments: [true, false])
    func cancellingTheTaskDropsTheConnection(isUpgraded: Bool) async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        try await ScriptedServer.run { peer in
            if isUpgraded {
                try await peer.accept()
            } else {
                try await peer.readRequest()
                start.finish()
            }
            try await peer.readToEnd()
        } while: { port in
            var limits = WebSocketLimits()
            limits.connect = .seconds(3600)
            limits.close = .seconds(3600)
            let long = limits
            await withTaskGroup(of: WebSocketError.Kind?.self) { group in
                group.addTask {
                    do {
                        return try await messages(port, long) { start.finish() }.error?.kind
                    } catch {
                        return (error as? WebSocketError)?.kind
                    }
                }
                for await _ in started {}
                group.cancelAll()
                #expect(await group.next() == .cancelled)
            }
        }
    }

    /// The server sends far more than socket buffers and the client's own hold, and counts what it got rid of while
    /// the client had taken a single message.
    @Test func aSlowReaderMakesTheServerWait() async throws {
        let sent = Mutex(0)
        let total = 2000
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
            try await WebSocketConnection.withConnection(to: request(port)) { connection in
                var iterator = connection.messages.makeAsyncIterator()
                _ = try await iterator.next()
                // The server is stuck once its count stands still; how long that takes is not asserted.
                var before = -1
                while before != sent.withLock({ $0 }) {
                    before = sent.withLock { $0 }
                    try await connection.send(text: "tick")
                    for _ in 0..<10_000 { await Task.yield() }
                }
                #expect(before < total)
                var received = 1
                while received < total, try await iterator.next() != nil { received += 1 }
                #expect(received == total)
            }
        }
    }

    private func request(_ port: Int) throws -> WebSocketRequest {
        try WebSocketRequest(url: "ws://127.0.0.1:\(port)/", subprotocol: "test.v1")
    }

    /// Everything the server sends, and what ends it.
    @discardableResult
    private func messages(
        _ port: Int, _ limits: WebSocketLimits = WebSocketLimits(), whenOpen: () -> Void = {}
    ) async throws -> (texts: [String], error: WebSocketError?) {
        try await WebSocketConnection.withConnection(to: request(port), limits: limits) { connection in
            whenOpen()
            var texts: [String] = []
            do throws(WebSocketError) {
                for try await text in connection.messages { texts.append(text) }
                return (texts, nil)
            } catch {
                return (texts, error)
            }
        }
    }
}
