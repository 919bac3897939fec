import BLAKE3
import DeploymentModel
import JSON
import Testing

@testable import Adapters

@Suite(.tags(.small)) struct EnvelopeReadingTests {
    static let cid = ContentID(of: [UInt8]("x".utf8))

    static func success(_ changes: [String: JSONValue?] = [:]) -> JSONValue {
        var members: [String: JSONValue] = [
            "status": "success", "execution_id": "E1", "index_path": "/artifacts/o/outputs.json",
            "outputs": [
                ["path": "/artifacts/o/a", "cid": .string(cid.description), "size_bytes": 1, "mime": "text/plain"]
            ],
            "meta": ["duration_ms": 3],
        ]
        for (name, value) in changes { members[name] = value }
        return .object(members)
    }

    private func read(_ value: JSONValue) throws -> Envelope { try Envelope(reading: value, of: ExecutionID("E1")) }

    @Test func readsWhatItWrites() throws {
        let envelope = try read(Self.success())
        #expect(envelope.json == Self.success())
        #expect(envelope.outputs.first?.contentID == Self.cid)
        let error = try read([
            "status": "error", "execution_id": "E1", "error": ["code": "ERR_PROVIDER", "message": "no"], "meta": [:],
        ])
        #expect(error.outcome == .error(code: "ERR_PROVIDER", message: "no"))
        #expect(try read(error.json) == error)
    }

    @Test func olderProcessorsMayNameThePathAlone() throws {
        let envelope = try read(Self.success(["outputs": [["path": "/artifacts/o/a"]], "meta": nil]))
        #expect(envelope.outputs == [Envelope.Output(path: try WorldPath("/artifacts/o/a"))])
        #expect(envelope.meta.isEmpty)
    }

    @Test(arguments: [nil, "", .null] as [JSONValue?])
    func anErrorThatKnowsNoExecutionIsItsOwn(id: JSONValue?) throws {
        var members: [String: JSONValue] = ["status": "error", "error": ["code": "ERR_INPUTS", "message": "bad"]]
        members["execution_id"] = id
        #expect(try read(.object(members)).executionID == ExecutionID("E1"))
    }

    static let malformed: [(JSONValue, ErrorCode)] = [
        ([], .badResponse), ("success", .badResponse), ([:], .badResponse), (["status": "ok"], .badResponse),
        (success(["execution_id": "E2"]), .badResponse), (success(["execution_id": nil]), .badResponse),
        (success(["execution_id": 1]), .badResponse), (success(["index_path": nil]), .badResponse),
        (success(["outputs": nil]), .badResponse), (success(["outputs": [:]]), .badResponse),
        (success(["outputs": ["/artifacts/o/a"]]), .badResponse), (success(["meta": []]), .badResponse),
        (success(["outputs": [["path": 1]]]), .badResponse),
        (success(["outputs": [["path": "/artifacts/o/a", "cid": "b3:abc"]]]), .badResponse),
        (success(["outputs": [["path": "/artifacts/o/a", "cid": nil]]]), .badResponse),
        (success(["outputs": [["path": "/artifacts/o/a", "size_bytes": -1]]]), .badResponse),
        (success(["outputs": [["path": "/artifacts/o/a", "size_bytes": "1"]]]), .badResponse),
        (success(["outputs": [["path": "/artifacts/o/a", "size_bytes": 1.5]]]), .badResponse),
        (success(["outputs": [["path": "/artifacts/o/a", "mime": 1]]]), .badResponse),
        (success(["outputs": [["path": "/artifacts/o//a"]]]), .badResponse),
        (success(["outputs": [["path": "/artifacts/o/%61"]]]), .badResponse),
        (success(["outputs": [["path": "/artifacts/o/../a"]]]), .dotSegments),
        (success(["outputs": [["path": "/etc/passwd"]]]), .badFacet),
        (success(["outputs": [["path": "/artifacts/o/a"], ["path": "/artifacts/o/a"]]]), .outputDuplicate),
        (success(["outputs": [["path": "/artifacts/o/a"], ["path": "/artifacts/o/%61"]]]), .outputDuplicate),
        (success(["outputs": [["path": "/artifacts/o/é"], ["path": "/artifacts/o/e\u{301}"]]]), .outputDuplicate),
        (["status": "error", "execution_id": "E1"], .badResponse),
        (["status": "error", "execution_id": "E1", "error": ["code": "oops", "message": "x"]], .badResponse),
        (["status": "error", "execution_id": "E1", "error": ["code": "ERR_X"]], .badResponse),
        (["status": "error", "execution_id": "E2", "error": ["code": "ERR_X", "message": "x"]], .badResponse),
    ]

    @Test(arguments: malformed)
    func refusesWhatIsNoEnvelope(value: JSONValue, code: ErrorCode) {
        #expect { try read(value) } throws: { ($0 as? Failure)?.code == code }
    }

    static let indexes: [(String, ErrorCode?)] = [
        (#"{"outputs":[]}"#, nil),
        (#"{"outputs":[{"path":"/artifacts/o/a","mime":"a \" b"},{"path":"/artifacts/o/b"}]}"#, nil),
        ("{\"outputs\":[{\"path\":\"/artifacts/o/\u{FB33}\"},{\"path\":\"/artifacts/o/\u{1F602}\"}]}", nil),
        (#"{"outputs":[{"path":"/artifacts/o/b"},{"path":"/artifacts/o/a"}]}"#, .badResponse),
        (#"{"outputs":[{"path":"/artifacts/o/a"},{"path":"/artifacts/o/a"}]}"#, .outputDuplicate),
        (#"{"outputs": []}"#, .badResponse), ("{\"outputs\":[]}\n", .badResponse), (#"[]"#, .badResponse),
        (#"{"outputs":[],"extra":1}"#, .badResponse), ("", .badResponse), (#"{"outputs":{}}"#, .badResponse),
        (#"{"outputs":[],"outputs":[]}"#, .badResponse),
    ]

    @Test(arguments: indexes)
    func holdsIndexesToTheirForm(text: String, code: ErrorCode?) {
        let found: ErrorCode?
        do throws(Failure) {
            _ = try OutputIndex(reading: Array(text.utf8))
            found = nil
        } catch {
            found = error.code
        }
        #expect(found == code)
    }
}
