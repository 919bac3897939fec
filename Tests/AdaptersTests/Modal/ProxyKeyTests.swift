import DeploymentModel
import HTTP
import JSON
import Synchronization
import Testing

@testable import Adapters

/// The proxy keys go to the endpoint that they are for, and nowhere else.
@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct ProxyKeyTests {
    private static let canaries = [ModalRun.key, ModalRun.secret]

    /// Claims that neither key is in anything that a run gave.
    private func expectNoCanary(_ outcome: ModalRun.Outcome, _ place: Comment) {
        let result = outcome.result
        let said =
            [result.envelope.json.compact, "\(outcome.events)", "\(result)", result.failure.map { "\($0)" } ?? ""]
            + outcome.events.map(\.json.compact) + result.warnings
            + [result.failure?.message, result.failure?.remedy, result.failure?.detail, result.log].compactMap(\.self)
        for text in said {
            for canary in Self.canaries { #expect(!text.contains(canary), place) }
        }
    }

    @Test func withoutKeysNothingIsSent() async throws {
        let modal = ModalServer()
        let outcome = try await ModalRun(keys: nil)(at: modal.server)
        #expect(outcome.code == "ERR_MISSING_SECRET")
        #expect(outcome.result.failure?.remedy?.contains("MODAL_PROXY_KEY and MODAL_PROXY_SECRET") == true)
        #expect(modal.requests.isEmpty)
    }

    @Test func wrongKeysFailAtOnce() async throws {
        let clock = ManualClock(patience: .seconds(60))
        let modal = ModalServer()
        let keys = ProxyKeys(key: "wk-wrong", secret: ModalRun.secret)
        let outcome = try await ModalRun(keys: keys, clock: clock)(at: modal.server)
        #expect(outcome.code == "ERR_MISSING_SECRET")
        #expect(outcome.message.contains("refuses the proxy keys (HTTP 401)"), "\(outcome.message)")
        #expect(modal.requests.count == 1)
        #expect(clock.sleeps.isEmpty)
        expectNoCanary(outcome, "wrong keys")
    }

    @Test(arguments: [ProcessorAPI.Transport.ws, .http])
    func aPublicEndpointGetsNone(transport: ProcessorAPI.Transport) async throws {
        var modal = ModalServer()
        modal.asksForKeys = false
        let run = ModalRun(transport: transport, lookups: { [.success(.deployed(at: $0, isPrivate: false))] })
        #expect(try await run(at: modal.server).code == nil)
        #expect(modal.requests.count > 1)
        for request in modal.requests { #expect(request.headers["modal-key"] == nil) }
    }

    /// Where a redirect leads to another origin, the keys stay behind: for health and for the run.
    @Test(arguments: ["/healthz", "/run-stream"], [303, 307])
    func noOtherOriginSeesThem(path: String, status: Int) async throws {
        let seen = Mutex<[LoopbackServer.Request]>([])
        let stranger = LoopbackServer(http: { request in
            seen.withLock { $0.append(request) }
            return .init(status: 200, chunks: [#"{"ok":true}"#])
        })
        let outcome = try await stranger.run { elsewhere in
            let server = LoopbackServer(http: { request in
                guard request.path == path else { return .init(chunks: [#"{"ok":true}"#]) }
                return .init(status: status, location: elsewhere + path)
            })
            return try await ModalRun(transport: .http)(at: server)
        }
        let requests = seen.withLock { $0 }
        #expect(requests.map(\.path) == [path], "it is followed")
        for request in requests {
            let text = "\(request)" + String(decoding: request.body, as: UTF8.self)
            for canary in Self.canaries { #expect(!text.contains(canary)) }
        }
        #expect(outcome.code == "ERR_BAD_RESPONSE", "the stranger gives no envelope")
    }

    @Test(arguments: [ProcessorAPI.Transport.ws, .http])
    func anEnvelopeThatRepeatsThemIsTold(transport: ProcessorAPI.Transport) async throws {
        let both = Self.canaries.joined(separator: " ")
        var modal = ModalServer()
        modal.messages = [
            .text(#"{"kind":"Token","content":{"text":"\#(both)"}}"#),
            .text(#"{"kind":"Log","content":{"msg":"\#(both)"}}"#),
            .text(#"{"kind":"Event","content":{"phase":"\#(both)","\#(both)":["\#(both)"]}}"#),
            .text(#"{"kind":"\#(ModalRun.key)","content":{"a":"\#(both)"}}"#),
        ]
        modal.changes = [
            "meta": [ModalRun.key: .string(both), "usage": ["a": .string(both)], "env_fingerprint": .string(both)],
            "outputs": [["path": "/artifacts/outputs/E1/out/a.txt", "mime": .string(ModalRun.secret)]],
        ]
        let outcome = try await ModalRun(transport: transport)(at: modal.server)
        #expect(outcome.code == nil)
        #expect(outcome.result.envelope.json.compact.contains("[MODAL_PROXY_KEY]"))
        expectNoCanary(outcome, "success")

        modal.changes = [
            "status": "error", "outputs": .null, "index_path": .null,
            "error": ["code": "ERR_OWN", "message": .string(both)],
        ]
        let failed = try await ModalRun(transport: transport)(at: modal.server)
        #expect(failed.code == "ERR_OWN")
        expectNoCanary(failed, "error")

        modal.changes = ["status": "error", "error": ["code": .string("ERR_" + ModalRun.key), "message": "m"]]
        expectNoCanary(try await ModalRun(transport: transport)(at: modal.server), "code")
        modal.changes = ["outputs": [["path": .string("/artifacts/outputs/E1/\(ModalRun.key)")]]]
        expectNoCanary(try await ModalRun(transport: transport)(at: modal.server), "path")
        modal.changes = ["index_path": .string(both)]
        expectNoCanary(try await ModalRun(transport: transport)(at: modal.server), "index")
        modal.changes = ["meta": ["image_digest": .string(both)]]
        expectNoCanary(try await ModalRun(transport: transport)(at: modal.server), "digest")
    }

    /// A code is made of capitals, digits and `_`: a key that is, too, may stand in one.
    @Test func norIsOneInACode() async throws {
        var modal = ModalServer()
        modal.asksForKeys = false
        modal.changes = ["status": "error", "error": ["code": "ERR_CANARY_1", "message": "m"]]
        let outcome = try await ModalRun(keys: ProxyKeys(key: "CANARY_1", secret: ModalRun.secret))(at: modal.server)
        #expect(outcome.code == "ERR_[MODAL_PROXY_KEY]")
    }

    @Test func neitherDoesAFailureRepeatThem() async throws {
        let both = Self.canaries.joined(separator: " ")
        var modal = ModalServer()
        modal.messages = [.close(1011, both)]
        let closed = try await ModalRun()(at: modal.server)
        #expect(closed.code == "ERR_WS_CLOSE")
        #expect(closed.message.contains("[MODAL_PROXY_KEY]"))
        expectNoCanary(closed, "close")

        modal.cold = [.init(chunks: [#"{"ok":true,"digest":"\#(both)"}"#])]
        expectNoCanary(try await ModalRun()(at: modal.server), "health")

        let refused = try await ModalRun(lookups: { _ in [.failure(Failure(.modal, both, remedy: both, detail: both))] }
        )(
            at: modal.server)
        #expect(refused.code == "ERR_MODAL")
        expectNoCanary(refused, "platform")
        // Neither is a header field.
        let malformed = ProxyKeys(key: ModalRun.key + "\r\nX: y", secret: ModalRun.secret)
        for transport in [ProcessorAPI.Transport.ws, .http] {
            let outcome = try await ModalRun(transport: transport, keys: malformed)(at: modal.server)
            #expect(outcome.code == "ERR_NETWORK")
            expectNoCanary(outcome, "malformed")
        }
    }

    @Test func nothingPrintsThem() {
        let keys = ProxyKeys(key: ModalRun.key, secret: ModalRun.secret)
        var dumped = "\(keys) \(String(reflecting: keys)) \(Optional(keys) as Any)"
        dump(keys, to: &dumped)
        for canary in Self.canaries { #expect(!dumped.contains(canary)) }
    }
}
