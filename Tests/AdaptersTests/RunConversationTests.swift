import DeploymentModel
import JSON
import Testing

@testable import Adapters

@Suite(.tags(.small)) struct RunConversationTests {
    private let payload: RunPayload

    init() throws {
        let id = try ExecutionID("E1")
        payload = RunPayload(
            executionID: id, mode: .mock, inputs: ["x": 1], writePrefix: try WritePrefix("/artifacts/o/", for: id),
            putURLs: ["outputs.json": "http://h/t"])
    }

    @Test func opensWithRunOpen() throws {
        let opening = try JSONValue(parsing: RunConversation(payload, dialect: .run).opening)
        #expect(
            opening == [
                "kind": "RunOpen",
                "content": ["role": "client", "execution_id": "E1", "start": true, "payload": payload.json],
            ])
    }

    @Test func readsEventsAndTheResult() throws {
        var conversation = RunConversation(payload, dialect: .run)
        #expect(try conversation.take(#"{"kind":"Ack","content":{"execution_id":"E1"}}"#) == .acknowledged)
        #expect(try conversation.take(#"{"kind":"Token","content":{"text":"a"}}"#) == .event(.token("a")))
        #expect(try conversation.take(#"{"kind":"Log","content":{"msg":"m"}}"#) == .event(.log("m")))
        #expect(
            try conversation.take(#"{"kind":"Event","content":{"phase":"p","n":1}}"#)
                == .event(.event(phase: "p", content: ["phase": "p", "n": 1])))
        #expect(
            try conversation.take(#"{"kind":"Frame","content":{"f":1}}"#)
                == .event(.other(kind: "Frame", content: ["f": 1])))
        #expect(
            try conversation.take(#"{"kind":"Later","content":{}}"#) == .event(.other(kind: "Later", content: [:])))
        #expect(
            try conversation.take(#"{"kind":"RunResult","content":{"status":"error","execution_id":""}}"#)
                == .result(["status": "error", "execution_id": ""]))
    }

    static let ack = #"{"kind":"Ack","content":{"execution_id":"E1"}}"#
    static let violations: [[String]] = [
        ["not json"], ["[]"], [#"{"kind":"Ack"}"#], [#"{"kind":1,"content":{}}"#], [#"{"kind":"Ack","content":[]}"#],
        [#"{"kind":"Ack","content":{}}"#], [#"{"kind":"Ack","content":{"execution_id":"E2"}}"#],
        [#"{"kind":"Token","content":{"text":"a"}}"#], [#"{"kind":"RunResult","content":{"execution_id":"E1"}}"#],
        [ack, ack], [ack, #"{"kind":"Token","content":{}}"#], [ack, #"{"kind":"Log","content":{"text":"a"}}"#],
        [ack, #"{"kind":"Event","content":{}}"#],
        [ack, #"{"kind":"Event","content":{"phase":"p","execution_id":"E2"}}"#],
        [ack, #"{"kind":"RunResult","content":{"execution_id":"E2"}}"#],
        [ack, #"{"kind":"Log","kind":"Log","content":{}}"#],
    ]

    @Test(arguments: violations)
    func refusesWhatBreaksTheProtocol(messages: [String]) throws {
        var conversation = RunConversation(payload, dialect: .run)
        for message in messages.dropLast() { _ = try conversation.take(message) }
        #expect { try conversation.take(messages[messages.count - 1]) } throws: {
            ($0 as? Failure)?.code == .wsProtocol
        }
    }

    @Test func speaksTheNewerDialect() throws {
        var conversation = RunConversation(payload, dialect: .request)
        let opening = try JSONValue(parsing: conversation.opening)
        #expect(opening["kind"] == "Request")
        #expect(opening["content"]?["control"]?["run_id"] == "E1")
        #expect(opening["content"]?["control"]?["mode"] == "mock")
        #expect(opening["content"]?["inputs"] == ["x": 1])
        #expect(opening["content"]?["outputs"] == ["outputs.json": "http://h/t"])
        #expect(try conversation.take(#"{"kind":"Ack","content":{"control":{"run_id":"E1"}}}"#) == .acknowledged)
        let partial = #"{"kind":"Response","content":{"control":{"run_id":"E1","status":"running","final":false}}}"#
        guard case .event = try conversation.take(partial) else {
            Issue.record("a response that isn't final is an event")
            return
        }
        let final =
            #"{"kind":"Response","content":{"control":{"run_id":"E1","status":"success","final":true},"outputs":[]}}"#
        #expect(
            try conversation.take(final)
                == .result([
                    "status": "success", "execution_id": "E1", "outputs": [], "index_path": "/artifacts/o/outputs.json",
                ]))
    }

    // MARK: Plain tokens

    @Test(arguments: [
        (#"{"kind":"Token","content":{"text":" a"}}"#, " a"), (#"{"kind": "Token", "content": {"text": ""}}"#, ""),
        (#"{"kind":"Token","content":{"text":"é😀\#u{7F}}"}}"#, "é😀\u{7F}}"),
    ])
    func aTokenInItsUsualSpellingNeedsNoJSONValue(message: String, text: String) {
        #expect(PlainToken.text(in: message) == text)
    }

    private static let spellings = [
        #"{"kind":"Token","content":{"text":"plain"}}"#, #"{"kind": "Token", "content": {"text": "pläin"}}"#,
        #"{"kind":"Token","content":{"text":"a\nb\u00e9\"c\\"}}"#, #"{"kind":"Token","content":{"text":"}}"}}"#,
        #"{"kind":"Token","content":{"text":"a","n":1}}"#, #"{"kind":"Token","content":{"text":"a"},"n":1}"#,
        #"{"kind":"Token","content":{"text":"a","execution_id":"E2"}}"#, #"{"kind":"Token","content":{"text":1}}"#,
        #"{"kind":"Token","content":{"text":"a","text":"b"}}"#, "{\"kind\":\"Token\",\"content\":{\"text\":\"a\tb\"}}",
        #" {"kind":"Token","content":{"text":"a"}} "#, #"{"kind":"Token","content":{"text":"a"}}}"#,
        #"{"content":{"text":"a"},"kind":"Token"}"#, #"{"kind":"Token","content":{"text":"a""}}"#,
        #"{"kind":"Token","content":{"text":""}"#, #"{"kind":"Token","content":{"text":"\"}}"#,
    ]

    /// Whatever is changed in a token's spelling, reading it fast comes to what reading it as JSON does.
    @Test func readingATokenFastChangesNothing() {
        var random = Dice(state: 20_260_101)
        let letters = Array(#"{}",:\/ aTokenkindcontex1u"#.utf8) + [0, 9, 10, 0x1F, 0x7F, 0xC3, 0xA9]
        for spelling in Self.spellings {
            expectSameReading(spelling)
            for _ in 0..<400 {
                var bytes = Array(spelling.utf8)
                for _ in 0...random.roll(2) {
                    let place = random.roll(bytes.count)
                    let letter = letters[random.roll(letters.count)]
                    switch random.roll(3) {
                    case 0: bytes[place] = letter
                    case 1: bytes.insert(letter, at: place)
                    default: bytes.remove(at: place)
                    }
                }
                expectSameReading(String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    private func expectSameReading(_ message: String) {
        func read(_ read: (inout RunConversation) throws(Failure) -> RunConversation.Step) -> Result<
            RunConversation.Step, Failure
        > {
            var conversation = RunConversation(payload, dialect: .run)
            do throws(Failure) {
                _ = try conversation.take(Self.ack)
                return .success(try read(&conversation))
            } catch {
                return .failure(error)
            }
        }
        let fast = read { conversation throws(Failure) in try conversation.take(message) }
        let full = read { conversation throws(Failure) in try conversation.takeAny(message) }
        #expect(fast == full, "\(message.debugDescription)")
    }
}

/// Numbers that are the same in every run (SplitMix64).
private struct Dice {
    var state: UInt64

    /// Below `sides`.
    mutating func roll(_ sides: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(sides))
    }
}
