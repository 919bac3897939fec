import NIOCore
import Testing

@testable import WebSocket

@Suite(.tags(.small)) struct MessageReaderTests {
    @Test func joinsFragmentsAroundControlFrames() throws {
        let bytes =
            frame(1, "He", fin: false) + frame(9, "p") + frame(0, "", fin: false) + frame(10, "q") + frame(0, "llo")
            + frame(1, "")
        #expect(
            try events(of: [bytes]) == [
                .ping(ByteBuffer(string: "p")), .pong(ByteBuffer(string: "q")), .text("Hello"), .text(""),
            ])
    }

    @Test func aCharacterMayBeSplitBetweenFragments() throws {
        let bytes = Peer.frame(1, [0xF0, 0x9F], fin: false) + frame(9, "") + Peer.frame(0, [0x98, 0x80])
        #expect(try events(of: [bytes]) == [.ping(ByteBuffer()), .text("😀")])
    }

    @Test(arguments: [0, 125, 126, 127, 65_535, 65_536, 100_000])
    func everyLengthIsReadInPiecesOfAnySize(length: Int) throws {
        let text = String(repeating: "x", count: length)
        let long = UInt64(length).bigEndian
        let head: [UInt8] = [0x81, 127] + withUnsafeBytes(of: long) { Array($0) }
        let bytes = (length < 65_536 ? frame(1, text) : head + Array(text.utf8)) + frame(1, "next")
        #expect(try events(of: [bytes]) == [.text(text), .text("next")])
        #expect(try events(of: bytes.map { [$0] }) == [.text(text), .text("next")])
        #expect(try events(of: [Array(bytes.prefix(3)), Array(bytes.dropFirst(3))]) == [.text(text), .text("next")])
    }

    @Test func aMessageMayBeAsLongAsTheLimit() throws {
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        for bytes in [frame(1, text(100)), frame(1, text(60), fin: false) + frame(0, text(40))] {
            #expect(try events(of: [bytes], limit: 100) == [.text(text(100))])
        }
    }

    @Test func closeFramesAreReadAndWritten() throws {
        #expect(try events(of: [frame(8, "")]) == [.close(CloseFrame(.noStatus))])
        let written = CloseFrame(.goingAway, reason: "bye é").payload
        let bytes = Peer.frame(8, Array(written.readableBytesView))
        #expect(try events(of: [bytes]) == [.close(CloseFrame(.goingAway, reason: "bye é"))])
    }

    @Test func aLongCloseReasonIsCutBetweenCharacters() {
        let payload = CloseFrame(.normal, reason: String(repeating: "é", count: 100)).payload
        #expect(payload.readableBytes == 124)
    }

    private func events(of pieces: [[UInt8]], limit: Int = 1 << 20) throws -> [MessageReader.Event] {
        var reader = MessageReader(messageLimit: limit)
        var events: [MessageReader.Event] = []
        for piece in pieces {
            reader.receive(ByteBuffer(bytes: piece))
            while let event = try reader.next() { events.append(event) }
        }
        return events
    }

    private func frame(_ opcode: UInt8, _ text: String, fin: Bool = true) -> [UInt8] {
        Peer.frame(opcode, Array(text.utf8), fin: fin)
    }
}
