import NIOCore
import NIOWebSocket
import Testing

@testable import WebSocket

@Suite(.tags(.small)) struct MessageAssemblerTests {
    @Test func joinsFragmentsAroundControlFrames() throws {
        var assembler = MessageAssembler(messageLimit: 100)
        #expect(try assembler.take(frame(.text, "He", fin: false)) == .incomplete)
        #expect(try assembler.take(frame(.ping, "p")) == .ping(ByteBuffer(string: "p")))
        #expect(try assembler.take(frame(.continuation, "", fin: false)) == .incomplete)
        #expect(try assembler.take(frame(.continuation, "llo")) == .text("Hello"))
        #expect(try assembler.take(frame(.text, "")) == .text(""))
    }

    @Test func validatesTextAcrossFragments() throws {
        var assembler = MessageAssembler(messageLimit: 100)
        _ = try assembler.take(frame(.text, bytes: [0xC3], fin: false))
        #expect(try assembler.take(frame(.continuation, bytes: [0xA9])) == .text("é"))
    }

    static let violations: [([WebSocketFrame], WebSocketCloseCode)] = [
        ([frame(.continuation, "x")], .protocolError),
        ([frame(.text, "x", fin: false), frame(.text, "y")], .protocolError),
        ([frame(.text, "x", fin: false), frame(.continuation, "y"), frame(.continuation, "z")], .protocolError),
        ([frame(.binary, "x")], .unsupportedData),
        ([frame(.text, bytes: [0xFF])], .invalidPayload),
        ([frame(.text, bytes: [0xED, 0xA0, 0x80])], .invalidPayload),
        ([frame(.text, bytes: [0xC3], fin: false), frame(.continuation, "x")], .invalidPayload),
        (
            [
                frame(.text, String(repeating: "x", count: 60), fin: false),
                frame(.continuation, String(repeating: "x", count: 41)),
            ],
            .messageTooBig
        ),
        ([frame(.text, "x", rsv1: true)], .protocolError),
        ([frame(.ping, "x", rsv1: true)], .protocolError),
        ([frame(.text, "x", maskKey: [1, 2, 3, 4])], .protocolError),
        ([reserved(3)], .protocolError), ([reserved(0xB)], .protocolError),
        ([frame(.connectionClose, bytes: [3])], .protocolError),
        ([frame(.connectionClose, bytes: [3, 0xED])], .protocolError),  // 1005
        ([frame(.connectionClose, bytes: [3, 0xEE])], .protocolError),  // 1006
        ([frame(.connectionClose, bytes: [0, 0])], .protocolError),
        ([frame(.connectionClose, bytes: [0x13, 0x88])], .protocolError),  // 5000
        ([frame(.connectionClose, bytes: [3, 0xE8, 0xFF])], .invalidPayload),
    ]

    @Test(arguments: violations)
    func namesTheCloseCodeOfAViolation(frames: [WebSocketFrame], code: WebSocketCloseCode) throws {
        var assembler = MessageAssembler(messageLimit: 100)
        for frame in frames.dropLast() { _ = try assembler.take(frame) }
        #expect { try assembler.take(frames[frames.count - 1]) } throws: { ($0 as? WebSocketViolation)?.code == code }
    }

    @Test func closeFramesAreReadAndWritten() throws {
        var assembler = MessageAssembler(messageLimit: 100)
        #expect(try assembler.take(frame(.connectionClose, "")) == .close(CloseFrame(.noStatus)))
        let written = CloseFrame(.goingAway, reason: "bye é").payload
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: written)
        #expect(try assembler.take(frame) == .close(CloseFrame(.goingAway, reason: "bye é")))
    }

    @Test func aLongCloseReasonIsCutBetweenCharacters() {
        let payload = CloseFrame(.normal, reason: String(repeating: "é", count: 100)).payload
        #expect(payload.readableBytes == 124)
    }

    private static func frame(
        _ opcode: WebSocketOpcode, bytes: [UInt8], fin: Bool = true, rsv1: Bool = false,
        maskKey: WebSocketMaskingKey? = nil
    ) -> WebSocketFrame {
        WebSocketFrame(fin: fin, rsv1: rsv1, opcode: opcode, maskKey: maskKey, data: ByteBuffer(bytes: bytes))
    }

    private static func frame(
        _ opcode: WebSocketOpcode, _ text: String, fin: Bool = true, rsv1: Bool = false,
        maskKey: WebSocketMaskingKey? = nil
    ) -> WebSocketFrame {
        frame(opcode, bytes: Array(text.utf8), fin: fin, rsv1: rsv1, maskKey: maskKey)
    }

    private static func reserved(_ opcode: UInt8) -> WebSocketFrame {
        frame(WebSocketOpcode(encodedWebSocketOpcode: opcode) ?? .text, "")
    }

    private func frame(_ opcode: WebSocketOpcode, _ text: String, fin: Bool = true) -> WebSocketFrame {
        Self.frame(opcode, text, fin: fin)
    }

    private func frame(_ opcode: WebSocketOpcode, bytes: [UInt8], fin: Bool = true) -> WebSocketFrame {
        Self.frame(opcode, bytes: bytes, fin: fin)
    }
}
