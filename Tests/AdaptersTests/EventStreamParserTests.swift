import Testing

@testable import Adapters

@Suite(.tags(.small)) struct EventStreamParserTests {
    static let streams: [(String, [ServerSentEvent])] = [
        ("data: a\n\n", [event("a")]),
        ("data:a\r\rdata: b\r\n\r\n", [event("a"), event("b")]),
        ("\u{FEFF}data: a\n\n", [event("a")]),
        ("\u{FEFF}\u{FEFF}data: a\n\n", []),
        ("data: a\n\u{FEFF}data: b\n\n", [event("a")]),
        (": comment\ndata: a\n:\n\n", [event("a")]),
        ("data: a\ndata: b\ndata\ndata:\n\n", [event("a\nb\n\n")]),
        ("data\n\n", [event("")]),
        ("data:  two\n\n", [event(" two")]),
        ("event: done\ndata: {}\n\n", [event("{}", type: "done")]),
        ("event: done\n\ndata: a\n\n", [event("a")]),
        ("event:\ndata: a\n\n", [event("a")]),
        ("data: a", []), ("data: a\n", []), ("data: a\n\ndata: b\n", [event("a")]),
        ("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", [event("a", id: "1"), event("b", id: "1"), event("c")]),
        ("id: 1\u{0}2\ndata: a\n\n", [event("a")]),
        ("retry: 10\nunknown: x\nData: y\n data: z\n\n", []),
        ("data: a:b\n\n", [event("a:b")]),
        ("\n\n\n", []), ("", []),
        ("data: é😂\n\n", [event("é😂")]),
        ("data: a\r\n\r\ndata: b\n\r\n", [event("a"), event("b")]),
        ("data: a\r\ndata: b\r\n\r\n", [event("a\nb")]),
        ("event: e\rdata: a\r\rdata: b\r\r", [event("a", type: "e"), event("b")]),
        ("\r\n\r\ndata: a\n\n", [event("a")]),
        ("data: a\u{0}b\n\n", [event("a\u{0}b")]),
        ("event: a\nevent: b\ndata: c\n\n", [event("c", type: "b")]),
        ("event: e\nid: 1\n\ndata: a\n\n", [event("a", id: "1")]),
        ("id: 1\nid: 2\u{0}\ndata: a\n\n", [event("a", id: "1")]),
        ("datas: a\ndat: b\ndata : c\n\n", []),
        (":data: a\n: \u{0}\n:\n\n", []),
        ("data:\ta\n\n", [event("\ta")]),
        ("data\ndata\n\n", [event("\n")]),
        ("\u{FEFF}", []), ("\u{FEFF}\n\n", []), ("\u{FEFF}: c\ndata: a\n\n", [event("a")]),
    ]

    private static func event(_ data: String, type: String = "message", id: String = "") -> ServerSentEvent {
        ServerSentEvent(type: type, data: data, lastEventID: id)
    }

    @Test(arguments: streams)
    func readsAsWHATWGSays(text: String, events: [ServerSentEvent]) throws {
        var parser = EventStreamParser()
        #expect(try parser.take(text.utf8) == events)
    }

    @Test(arguments: streams)
    func thePiecesDoNotMatter(text: String, events: [ServerSentEvent]) throws {
        var parser = EventStreamParser()
        #expect(try text.utf8.flatMap { try parser.take([$0]) } == events)
    }

    @Test func bytesThatAreNoUTF8AreReplaced() throws {
        var parser = EventStreamParser()
        #expect(try parser.take(Array("data: ".utf8) + [0xFF] + Array("\n\n".utf8)).first?.data == "\u{FFFD}")
    }

    @Test func aLineWithoutAnEndIsRefusedAtTheLimit() {
        var parser = EventStreamParser()
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)
        var taken = 0
        #expect(throws: EventTooLarge(limit: 8 << 20)) {
            while taken < 100 << 20 {
                _ = try parser.take(piece)
                taken += piece.count
            }
        }
        #expect(taken == 8 << 20)
    }

    @Test(arguments: ["data: 0123456789", "data: 01234\ndata: 56789\n", "0123456789abcdef"])
    func boundsWhatItHolds(text: String) throws {
        var parser = EventStreamParser(limit: 10)
        #expect(throws: EventTooLarge(limit: 10)) { try parser.take(text.utf8) }
    }
}
