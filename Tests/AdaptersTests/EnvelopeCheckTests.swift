import BLAKE3
import DeploymentModel
import JSON
import Testing

@testable import Adapters

/// Envelopes that lie, and what they are told.
@Suite(.tags(.small)) struct EnvelopeCheckTests {
    private static let digest = "sha256:" + String(repeating: "a", count: 64)
    private let check: EnvelopeCheck
    private let artifact = ReceivedArtifacts.Artifact(
        file: "/tmp/1", contentID: ContentID(of: Array("hello".utf8)), sizeBytes: 5, mime: "text/x-upload")

    init() throws {
        let id = try ExecutionID("E1")
        check = EnvelopeCheck(
            executionID: id, writePrefix: try WritePrefix("/artifacts/o/", for: id),
            declared: [DeclaredOutput(path: "a.txt", mime: "text/plain")], image: try Digest(Self.digest))
    }

    private var entry: [String: JSONValue] {
        [
            "path": "/artifacts/o/a.txt", "cid": .string(artifact.contentID.description), "size_bytes": 5,
            "mime": "text/plain",
        ]
    }

    private func envelope(
        _ outputs: [[String: JSONValue]], index: String = "/artifacts/o/outputs.json", meta: JSONValue = [:]
    ) throws -> Envelope {
        try Envelope(
            reading: [
                "status": "success", "execution_id": "E1", "index_path": .string(index), "meta": meta,
                "outputs": .array(outputs.map { .object($0) }),
            ], of: check.executionID)
    }

    private func received(_ index: [[String: JSONValue]]?, _ outputs: [String: ReceivedArtifacts.Artifact]? = nil)
        -> ReceivedArtifacts
    {
        let index = index.map { Array(JSONValue.object(["outputs": .array($0.map { .object($0) })]).compact.utf8) }
        return ReceivedArtifacts(index: index, outputs: outputs ?? ["a.txt": artifact])
    }

    private func code(_ envelope: Envelope, _ received: ReceivedArtifacts?) -> ErrorCode? {
        do throws(Failure) {
            _ = try check.check(envelope, received: received)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: ["/artifacts/o/outputs.json", "/artifacts/execution/E1/outputs.json"])
    func believesWhatAgreesWithTheBytes(index: String) throws {
        let checked = try check.check(envelope([entry], index: index), received: received([entry]))
        #expect(checked.warnings.isEmpty)
        #expect(checked.envelope.outputs.first?.contentID == artifact.contentID)
    }

    @Test func fillsInWhatOlderProcessorsLeaveOut() throws {
        let bare: [String: JSONValue] = ["path": "/artifacts/o/a.txt"]
        let checked = try check.check(envelope([bare]), received: received([bare]))
        let path = try WorldPath("/artifacts/o/a.txt")
        #expect(
            checked.envelope.outputs == [
                .init(path: path, contentID: artifact.contentID, sizeBytes: 5, mime: "text/plain")
            ])
        #expect(checked.warnings.isEmpty)
    }

    @Test func warnsWhereTheBytesCannotBeReached() throws {
        let bare = try envelope([["path": "/artifacts/o/a.txt"]])
        let unreachable = try check.check(bare, received: nil)
        #expect(unreachable.warnings.count == 1)
        #expect(unreachable.envelope.outputs.first?.mime == "text/plain")
        #expect(try check.check(envelope([entry]), received: nil).warnings.isEmpty)
        #expect(try check.check(envelope([entry]), received: ReceivedArtifacts()).warnings.count == 1)
        let undeclared: [String: JSONValue] = ["path": "/artifacts/o/b.txt"]
        let both = [entry, undeclared]
        #expect(try check.check(envelope(both), received: received(both)).warnings.count == 1)
    }

    @Test(arguments: [
        "/artifacts/execution/E2/outputs.json", "/artifacts/o/index.json", "/artifacts/other/outputs.json",
        "outputs.json",
    ])
    func refusesAnIndexElsewhere(index: String) throws {
        #expect(code(try envelope([entry], index: index), nil) == .badResponse)
    }

    @Test(arguments: [
        "/artifacts/o/outputs.json", "/artifacts/execution/E1/outputs.json", "/artifacts/o/receipt.json",
        "/artifacts/execution/E1/receipt.json", "/artifacts/other/a.txt", "/artifacts/oo/a.txt", "/streams/o/a.txt",
    ])
    func refusesOutputsThatAreNone(path: String) throws {
        #expect(code(try envelope([entry, ["path": .string(path)]]), nil) == .badResponse)
    }

    @Test func refusesAMissingDeclaredOutput() throws {
        #expect(code(try envelope([]), nil) == .outputMismatch)
        #expect(code(try envelope([["path": "/artifacts/o/b.txt"]]), nil) == .outputMismatch)
    }

    @Test func refusesWhatDisagreesWithTheBytes() throws {
        var wrongID = entry
        wrongID["cid"] = .string(ContentID(of: Array("other".utf8)).description)
        #expect(code(try envelope([wrongID]), received([wrongID])) == .outputMismatch)
        var wrongSize = entry
        wrongSize["size_bytes"] = 6
        #expect(code(try envelope([wrongSize]), received([wrongSize])) == .outputMismatch)
    }

    @Test func refusesAnIndexThatSaysSomethingElse() throws {
        let good = try envelope([entry])
        var other = entry
        other["mime"] = "text/html"
        #expect(code(good, received([other])) == .outputMismatch)
        #expect(code(good, received([])) == .outputMismatch)
        #expect(code(good, received([entry, ["path": "/artifacts/o/b.txt"]])) == .outputMismatch)
        #expect(code(good, received(nil)) == .outputMismatch)
        #expect(code(good, ReceivedArtifacts(index: Array("{}".utf8), outputs: ["a.txt": artifact])) == .badResponse)
    }

    @Test func refusesUploadsThatDontAgreeWithTheEnvelope() throws {
        #expect(code(try envelope([entry]), received([entry], [:])) == .outputMismatch)
        #expect(
            code(try envelope([entry]), received([entry], ["a.txt": artifact, "b.txt": artifact])) == .outputMismatch)
    }

    @Test(
        arguments: [
            (.string(digest), nil), (.string("ghcr.io/acme/x@" + digest), nil), (.null, nil),
            (.string("sha256:" + String(repeating: "b", count: 64)), .registryMismatch), ("latest", .registryMismatch),
            (1, .registryMismatch), ("", .registryMismatch),
        ] as [(JSONValue, ErrorCode?)])
    func comparesTheDigestThatTheProcessorClaims(claim: JSONValue, expected: ErrorCode?) throws {
        #expect(code(try envelope([entry], meta: ["image_digest": claim]), nil) == expected)
    }

    @Test func anErrorOfAnotherImageIsADigestMismatchToo() throws {
        let error = Envelope(
            executionID: check.executionID, outcome: .error(code: "ERR_X", message: "x"),
            meta: ["image_digest": "sha256:0"])
        #expect(code(error, nil) == .registryMismatch)
    }
}
