import DeploymentModel
import HTTP
import JSON
import Synchronization
import Testing

@testable import Adapters

/// Runs `text/echo@1` where a scripted platform says that it is deployed.
struct ModalRun: Sendable {
    static let key = "wk-canary-0f3a"
    static let secret = "ws-canary-77b1"
    static let digest = Digest.of("a")
    static let name = FunctionName(app: "text-echo-v1", function: "exec__text_echo__v1")

    var transport = ProcessorAPI.Transport.ws
    var keys: ProxyKeys? = ProxyKeys(key: key, secret: secret)
    var predicates = PredicatesSpec()
    var secrets = SecretNames()
    var inputs: JSONValue = ["text": "hello"]
    var mode = "mock"
    var secretsPresent: [String] = []
    var options = AdapterOptions()
    var clock: any Clock<Duration> = ContinuousClock()
    var smoke = SmokeSpec()
    var outputs = [DeclaredOutput(path: "out/a.txt", mime: "text/plain")]
    /// What the look-ups answer, at the address of the endpoint.
    var lookups: @Sendable (String) -> [ScriptedPlatform.Answer] = { [.success(.deployed(at: $0))] }

    /// What came of a run.
    struct Outcome: Sendable {
        let result: InvocationResult
        let events: [ProcessorEvent]
        let lookups: [FunctionName]

        var code: String? {
            if case .error(let code, _) = result.envelope.outcome { code } else { nil }
        }
        var message: String { result.failure?.message ?? "" }
    }

    var processor: Processor {
        get throws {
            let image = try ImageReference("127.0.0.1:1/a@\(Self.digest)")
            return Processor(
                ref: try ProcessorRef("text/echo@1"), specHash: "s", pins: [.amd64: image],
                api: ProcessorAPI(transport: transport), secrets: secrets,
                outputs: .files(outputs), predicates: predicates,
                smoke: smoke)
        }
    }

    func adapter(at origin: String, in world: LocalWorld) -> (ModalAdapter, ScriptedPlatform) {
        let platform = ScriptedPlatform(lookups(origin))
        let adapter = ModalAdapter(
            platform: platform, environment: "staging", modalEnvironment: "modal-staging",
            surroundings: RunSurroundings(world: world, clock: clock), proxyKeys: keys, client: HTTPClient(),
            names: { _ in Self.name })
        return (adapter, platform)
    }

    func callAsFunction(at server: LoopbackServer) async throws -> Outcome {
        try await server.run { try await self(at: $0) }
    }

    func callAsFunction(at origin: String) async throws -> Outcome {
        let processor = try processor
        let registry = RunnableRegistry(
            snapshotID: "sha256:0", processors: [processor.ref: processor], schemas: [try SpecID("out@1"): [:]])
        let events = Mutex<[ProcessorEvent]>([])
        var inputs = inputs.objectValue ?? [:]
        inputs["mode"] = .string(mode)
        let call = JSONValue.object(inputs)
        return try await withTemporaryFolder { folder in
            let (adapter, platform) = adapter(at: origin, in: try await LocalWorld(at: folder + "/world"))
            let result = await adapter.invoke(
                processorRef: processor.ref.description, inputsJSON: call,
                writePrefix: "/artifacts/outputs/{execution_id}/", executionID: try ExecutionID("E1"),
                registrySnapshot: registry, adapterOptions: options, secretsPresent: secretsPresent
            ) { event in events.withLock { $0.append(event) } }
            return Outcome(
                result: result, events: events.withLock { $0 }, lookups: platform.lookups.withLock { $0 })
        }
    }
}

extension Digest {
    /// Of 64 times the same digit.
    static func of(_ digit: Character) -> Digest {
        // swift-format-ignore: NeverUseForceTry
        try! Digest("sha256:" + String(repeating: digit, count: 64))
    }
}

extension FunctionEndpoint {
    /// A deployment as it should be, but for what is said otherwise.
    static func deployed(
        at url: String, version: Int = 3, isPrivate: Bool = true, digest: Digest? = ModalRun.digest,
        imageID: String = "im-1", bound: String? = "im-1", secrets: [String] = []
    ) -> FunctionEndpoint {
        FunctionEndpoint(
            url: url, version: version, requiresProxyAuth: isPrivate, digest: digest, imageID: imageID,
            boundImageID: bound, secrets: secrets)
    }
}

/// A function on Modal, as it looks from outside: it asks for proxy keys, and has one output that it keeps to itself.
struct ModalServer: Sendable {
    /// A request, an upgrade included.
    struct Request: Sendable {
        let path: String
        let headers: [String: String]
    }

    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    /// The answers to the first questions for health, before the good one.
    var cold: [LoopbackServer.Reply] = []
    /// What the envelope has besides, and in place of, what it should.
    var changes: [String: JSONValue] = [:]
    /// What comes before the envelope over a WebSocket.
    var messages: [LoopbackServer.Message] = [.text(#"{"kind":"Token","content":{"text":"hel"}}"#)]
    var asksForKeys = true
    private let log = Log()

    var requests: [Request] { log.requests.withLock { $0 } }

    private static let refused = LoopbackServer.Reply(
        status: 401, type: "text/plain", chunks: ["modal-http: missing credentials for proxy authorization"])

    var server: LoopbackServer {
        let cold = Mutex(cold[...])
        return LoopbackServer(
            http: { request in
                self.note(request.path, request.headers)
                guard self.isAllowed(request.headers) else { return Self.refused }
                if request.path == "/healthz" {
                    return cold.withLock { $0.popFirst() } ?? .init(chunks: [#"{"ok":true}"#])
                }
                guard request.path == "/run" else { return .init(status: 404) }
                return .init(chunks: [self.envelope(JSONValue.parsed(request.body)).compact])
            },
            webSocket: { message in
                let payload = JSONValue.parsed(Array(message.utf8))["content"]?["payload"] ?? [:]
                let envelope = self.envelope(payload).compact
                return [.text(#"{"kind":"Ack","content":{"execution_id":"E1"}}"#)] + self.messages
                    + [.text(#"{"kind":"RunResult","content":\#(envelope)}"#)]
            },
            mayUpgrade: { headers in
                guard self.isAllowed(headers) else { return false }
                self.note("/run", headers)
                return true
            })
    }

    private func note(_ path: String, _ headers: [String: String]) {
        log.requests.withLock { $0.append(Request(path: path, headers: headers)) }
    }

    private func isAllowed(_ headers: [String: String]) -> Bool {
        !asksForKeys || (headers["modal-key"] == ModalRun.key && headers["modal-secret"] == ModalRun.secret)
    }

    private func envelope(_ payload: JSONValue) -> JSONValue {
        let prefix = payload["write_prefix"]?.stringValue ?? "/"
        let envelope: [String: JSONValue] = [
            "status": "success", "execution_id": "E1", "index_path": .string(prefix + "outputs.json"),
            "outputs": [
                [
                    "path": .string(prefix + "out/a.txt"), "size_bytes": 6,
                    "cid": .string("b3:" + String(repeating: "0", count: 64)),
                ]
            ],
            "meta": ["image_digest": .string(ModalRun.digest.description), "app_version": 99],
        ]
        return .object(envelope.merging(changes) { $1 })
    }
}

extension JSONValue {
    static func parsed(_ bytes: [UInt8]) -> JSONValue { (try? JSONValue(parsing: bytes)) ?? [:] }
}
