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
}
