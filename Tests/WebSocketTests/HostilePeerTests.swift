import NIOCore
import Synchronization
import Testing

@testable import WebSocket

/// What a peer may do wrong once it is connected, and how it is answered: whole, byte by byte, and over a real socket.
@Suite(.timeLimit(.minutes(1))) struct HostilePeerTests {
    struct Misdeed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let kind: WebSocketError.Kind
        /// In the close frame that the peer gets.
        let code: Int?

        init(_ name: String, _ bytes: [UInt8], _ kind: WebSocketError.Kind = .protocolViolation, _ code: Int? = 1002) {
            testDescription = name
            self.bytes = bytes
            self.kind = kind
            self.code = code
        }
    }

    private static let limit = 1024

    static let misdeeds: [Misdeed] = heads + lengths + fragments + text + closes

    private static let heads = [
        Misdeed("reserved bit 1 on text", [0xC1, 1, 0x41]), Misdeed("reserved bit 2 on text", [0xA1, 1, 0x41]),
        Misdeed("reserved bit 3 on text", [0x91, 1, 0x41]), Misdeed("reserved bit on a continuation", [0xC0, 0]),
        Misdeed("reserved bit on a ping", [0xC9, 0]), Misdeed("reserved bit on a close", [0xC8, 0]),
        Misdeed("reserved opcode 3", [0x83, 0]), Misdeed("reserved opcode 7", [0x87, 0]),
        Misdeed("reserved opcode 11", [0x8B, 0]), Misdeed("reserved opcode 15", [0x8F, 0]),
        Misdeed("binary", [0x82, 1, 1], .protocolViolation, 1003),
        Misdeed("masked text", [0x81, 0x81, 0, 0, 0, 0, 0x41]), Misdeed("masked ping", [0x89, 0x80, 0, 0, 0, 0]),
        Misdeed("masked close", [0x88, 0x82, 0, 0, 0, 0, 3, 0xE8]),
    ]

    private static let lengths = [
        Misdeed("2^63", [0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        Misdeed("2^64 - 1", [0x81, 127] + [UInt8](repeating: 0xFF, count: 8)),
        Misdeed("2^63 - 1", [0x81, 127, 0x7F] + [UInt8](repeating: 0xFF, count: 7), .messageTooLarge, 1009),
        Misdeed("2^32", [0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0], .messageTooLarge, 1009),
        Misdeed("one over the limit", [0x81, 126, 0x04, 0x01], .messageTooLarge, 1009),
        Misdeed("125 in three bytes", [0x81, 126, 0, 125]), Misdeed("0 in nine bytes", [0x81, 127] + zeros(8)),
        Misdeed("65535 in nine bytes", [0x81, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
        Misdeed("a ping of 126 bytes", [0x89, 126, 0, 126] + zeros(126)),
        Misdeed("a pong of 126 bytes", [0x8A, 126, 0, 126]), Misdeed("a close of 126 bytes", [0x88, 126, 0, 126]),
        Misdeed("a ping of 2^63 bytes", [0x89, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    ]

    private static let fragments = [
        Misdeed("a ping in fragments", [0x09, 0]), Misdeed("a pong in fragments", [0x0A, 0]),
        Misdeed("a close in fragments", [0x08, 2, 3, 0xE8]),
        Misdeed("a continuation of nothing", Peer.frame(0, [0x41])),
        Misdeed("a message inside another", part("a") + Peer.frame(1, [0x41])),
        Misdeed(
            "fragments over the limit", part("a") + (1...limit).flatMap { _ in Peer.frame(0, [0x41], fin: false) },
            .messageTooLarge, 1009),
        Misdeed(
            "a last fragment over the limit", Peer.frame(1, zeros(limit), fin: false) + [0x80, 1], .messageTooLarge,
            1009),
    ]

    private static let text = [
        ("a lone continuation byte", [0x80]), ("a truncated sequence", [0xC3]), ("a wrong continuation", [0xC3, 0x28]),
        ("an overlong slash", [0xC0, 0xAF]), ("an overlong NUL", [0xE0, 0x80, 0x80]),
        ("a surrogate", [0xED, 0xA0, 0x80]), ("a pair of surrogates", [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80]),
        ("beyond U+10FFFF", [0xF4, 0x90, 0x80, 0x80]), ("five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]),
        ("0xFF", [0xFF]),
    ].flatMap { (name: String, bytes: [UInt8]) in
        [
            Misdeed("\(name) in one frame", Peer.frame(1, [0x41] + bytes + [0x41]), .protocolViolation, 1007),
            Misdeed(
                "\(name), split",
                Peer.frame(1, [0x41] + bytes.prefix(1), fin: false) + Peer.frame(9, [0x41])
                    + Peer.frame(0, Array(bytes.dropFirst()) + [0x41]), .protocolViolation, 1007),
        ]
    }

    private static let closes =
        [
            Misdeed("a close", Peer.frame(8, [3, 0xF3] + Array("sorry".utf8)), closed(1011, "sorry"), 1011),
            Misdeed("a close of an application", Peer.frame(8, [0x0F, 0xA0]), closed(4000), 4000),
            Misdeed("a close without a code", Peer.frame(8, []), closed(1005), nil),
            Misdeed(
                "a close with data after it", Peer.frame(8, [3, 0xE8]) + Peer.frame(1, [0x42]), closed(1000), 1000),
            Misdeed("a close inside a message", part("a") + Peer.frame(8, [3, 0xE8]), closed(1000), 1000),
            Misdeed("a close of one byte", Peer.frame(8, [3])),
            Misdeed("a reason that is not UTF-8", Peer.frame(8, [3, 0xE8, 0xFF]), .protocolViolation, 1007),
            Misdeed("a reason cut in a character", Peer.frame(8, [3, 0xE8, 0xC3]), .protocolViolation, 1007),
        ]
        + [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2999, 5000, 65535].map { code in
            Misdeed("a close with \(code)", Peer.frame(8, [UInt8(code >> 8), UInt8(code & 0xFF)]))
        }

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
    private static func part(_ text: String) -> [UInt8] { Peer.frame(1, Array(text.utf8), fin: false) }
    private static func closed(_ code: UInt16, _ reason: String = "") -> WebSocketError.Kind {
        .closed(WebSocketCloseCode(rawValue: code), reason: reason)
    }

    @Test(.tags(.medium), arguments: misdeeds)
    func isAnsweredAfterWhatCameBefore(misdeed: Misdeed) async throws {
        let answered = Mutex<Peer.Frame?>(nil)
        try await ScriptedServer.run { peer in
            try await peer.accept()
            try await peer.send(Peer.frame(1, Array("first".utf8)) + misdeed.bytes)
            var frame = try await peer.readFrame()
            while frame.opcode == 10 { frame = try await peer.readFrame() }
            answered.withLock { $0 = frame }
        } while: { port in
            var limits = WebSocketLimits()
            limits.messageBytes = Self.limit
            let request = try WebSocketRequest(url: "ws://127.0.0.1:\(port)/", subprotocol: "test.v1")
            let (texts, error) = try await WebSocketConnection.withConnection(to: request, limits: limits) {
                connection in
                var texts: [String] = []
                do throws(WebSocketError) {
                    for try await text in connection.messages { texts.append(text) }
                    return (texts, WebSocketError?.none)
                } catch {
                    return (texts, error)
                }
            }
            #expect(texts == ["first"])
            #expect(error?.kind == misdeed.kind)
        }
        answered.withLock { frame in
            #expect(frame?.opcode == 8)
            #expect(frame?.closeCode == misdeed.code)
            #expect(frame?.isMasked == true)
        }
    }

    @Test(.tags(.small), arguments: misdeeds)
    func thePiecesDoNotMatter(misdeed: Misdeed) {
        #expect(outcome([misdeed.bytes]) == outcome(misdeed.bytes.map { [$0] }))
    }

    @Test(.tags(.small)) func aHeadIsRefusedBeforeItsPayloadHasCome() {
        for head: [UInt8] in [[0x81, 0x81], [0xC1], [0x83], [0x82], [0x09, 0], [0x89, 126], [0x81, 126, 4, 1]] {
            var reader = MessageReader(messageLimit: Self.limit)
            reader.receive(.init(bytes: head))
            #expect(throws: WebSocketViolation.self) { try reader.next() }
        }
    }

    @Test(.tags(.small)) func nothingThatFollowsAViolationMeansAnything() throws {
        var reader = MessageReader(messageLimit: Self.limit)
        reader.receive(.init(bytes: [0x83, 0] + Peer.frame(1, [0x41])))
        #expect(throws: WebSocketViolation.self) { try reader.next() }
        reader.receive(.init(bytes: Peer.frame(1, [0x41])))
        #expect(try reader.next() == nil)
    }

    /// Events up to the first close or violation.
    private func outcome(_ pieces: [[UInt8]]) -> [Result<MessageReader.Event, WebSocketViolation>] {
        var reader = MessageReader(messageLimit: Self.limit)
        var events: [Result<MessageReader.Event, WebSocketViolation>] = []
        for piece in pieces {
            reader.receive(.init(bytes: piece))
            do throws(WebSocketViolation) {
                while let event = try reader.next() {
                    events.append(.success(event))
                    if case .close = event { return events }
                }
            } catch {
                return events + [.failure(error)]
            }
        }
        return events
    }
}
