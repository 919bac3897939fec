import Adapters
import DeploymentModel
import JSON
import Testing

@Suite(.tags(.small)) struct RunValueTests {
    @Test(arguments: ["a", "E123", "0", "a.b_c-d", String(repeating: "x", count: 128)])
    func acceptsExecutionIDs(text: String) throws {
        #expect(try ExecutionID(text).description == text)
    }

    @Test(arguments: [
        "", ".", "..", "-a", "_a", ".a", "a/b", "a b", "a\n", "é", "a\0", "%41", String(repeating: "x", count: 129),
    ])
    func refusesWhatCouldBeAPath(text: String) {
        #expect(throws: GrammarError.self) { try ExecutionID(text) }
    }

    @Test func inventsUUIDs() throws {
        var generator = Counting()
        let id = ExecutionID(using: &generator)
        #expect(id.description == "00000000-0000-4001-8000-000000000002")
        #expect(try ExecutionID(id.description) == id)
    }

    @Test(arguments: ["mock", "real"])
    func readsModes(text: String) throws {
        #expect(try RunMode(text).rawValue == text)
    }

    @Test(arguments: ["", "Mock", "test", "mock "])
    func refusesOtherModes(text: String) {
        #expect { try RunMode(text) } throws: { ($0 as? Failure)?.code == .modeInvalid }
    }

    @Test(
        arguments: [
            (RunMode.mock, true, "pr", false, true), (.real, false, nil, false, true),
            (.real, false, "dev", false, true),
            (.real, true, nil, false, false), (.real, false, "pr", false, false), (.real, true, "dev", true, true),
        ] as [(RunMode, Bool, String?, Bool, Bool)])
    func realRunsNeedLeaveInCI(mode: RunMode, isCI: Bool, lane: String?, allows: Bool, passes: Bool) {
        let code: ErrorCode?
        do throws(Failure) {
            try mode.check(isCI: isCI, lane: lane, laneAllowsReal: allows)
            code = nil
        } catch {
            code = error.code
        }
        #expect(code == (passes ? nil : .ciSafety))
    }

    @Test func payloadHasTheMembersOfTheContract() throws {
        let id = try ExecutionID("E1")
        let prefix = try WritePrefix("/artifacts/o/", for: id)
        let plain = RunPayload(executionID: id, mode: .mock, inputs: ["a": 1], writePrefix: prefix)
        #expect(
            plain.json.compact
                == #"{"execution_id":"E1","inputs":{"a":1},"mode":"mock","schema":"v1","write_prefix":"/artifacts/o/"}"#
        )
        let uploading = RunPayload(
            executionID: id, mode: .mock, inputs: [:], writePrefix: prefix, putURLs: ["outputs.json": "http://x/"])
        #expect(uploading.json["put_urls"] == ["outputs.json": "http://x/"])
    }

    @Test func fingerprintIsSortedAndHoldsNamesOnly() throws {
        let digest = try Digest("sha256:" + String(repeating: "a", count: 64))
        let modal = EnvironmentFingerprint(
            adapter: "modal", keysPresent: ["B", "A", "B"], image: digest, modalEnvironment: "dev", mode: .real,
            platform: .amd64)
        #expect(
            modal.description
                == "adapter=modal,env_keys_present=[A,B],image=\(digest),modal_env=dev,mode=real,platform=amd64")
        let local = EnvironmentFingerprint(adapter: "local", keysPresent: [], image: nil, mode: .mock, platform: .arm64)
        #expect(local.description == "adapter=local,env_keys_present=[],mode=mock,platform=arm64")
    }
}

private struct Counting: RandomNumberGenerator {
    var value: UInt64 = 0
    mutating func next() -> UInt64 {
        value += 1
        return value
    }
}
