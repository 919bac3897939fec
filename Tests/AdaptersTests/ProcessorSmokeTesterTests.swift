import BLAKE3
import DeploymentModel
import HTTP
import JSON
import Synchronization
import Testing

@testable import Adapters

/// A smoke test from health to verdict, with a processor made of closures that really uploads.
@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct ProcessorSmokeTesterTests {
    private static let content = Array("hello\n".utf8)

    /// What the processor does wrong.
    enum Fault: Sendable, CaseIterable {
        case none, wrongBytes, noUploads, noIndex, providerError, dead, otherDigest
    }

    private func smoke(
        _ fault: Fault, transport: ProcessorAPI.Transport, gateway: String? = "127.0.0.1", expectation: JSONValue? = nil
    ) async throws -> (Result<SmokeVerdict, Failure>, [String]) {
        let client = HTTPClient()
        let lines = Mutex<[String]>([])
        let server = LoopbackServer(
            http: { request in
                switch request.path {
                case "/healthz":
                    switch fault {
                    case .dead: .init(status: 503)
                    case .otherDigest: .init(chunks: [#"{"ok":true,"digest":"sha256:0"}"#])
                    default: .init(chunks: [#"{"ok":true}"#])
                    }
                case "/run-stream":
                    await .init(
                        type: "text/event-stream",
                        chunks: [
                            "event: progress\ndata: {}\n\n",
                            "event: done\ndata: \(Self.run(request.body, fault, client).compact)\n\n",
                        ])
                default: .init(status: 404)
                }
            }, webSocket: { _ in [.close(1011, "")] })
        let result = try await withTemporaryFolder { folder in
            try await server.run { origin in
                let port = Int(origin.split(separator: ":").last ?? "") ?? 0
                let processor = Processor(
                    ref: try ProcessorRef("text/echo@1"), specHash: "s", runtime: RuntimeLimits(timeoutSeconds: 60),
                    api: ProcessorAPI(transport: transport), outputs: .files([DeclaredOutput(path: "out/a.txt")]),
                    smoke: SmokeSpec(inputs: ["schema": "v1"], expect: expectation))
                let request = SmokeRequest(
                    processor: processor,
                    image: try ImageReference("127.0.0.1:5000/a@sha256:" + String(repeating: "a", count: 64)),
                    platform: .amd64, executionID: "smoke-1")
                let engine = OneContainer(
                    port: port, gateway: gateway, state: fault == .dead ? .exited(code: 3) : .running)
                let tester = ProcessorSmokeTester(
                    local: LocalAdapter(
                        engine: engine, surroundings: RunSurroundings(world: try await LocalWorld(at: folder)),
                        mark: RunMark("h/1/1"), client: client),
                    registry: RunnableRegistry(snapshotID: "sha256:0"))
                let result: Result<SmokeVerdict, Failure>
                do throws(Failure) {
                    result = .success(try await tester.smoke(request) { line in lines.withLock { $0.append(line) } })
                } catch {
                    result = .failure(error)
                }
                #expect(try names(in: folder + "/stages").isEmpty)
                #expect(engine.removed.withLock { $0 } == engine.started)
                return result
            }
        }
        return (result, lines.withLock { $0 })
    }

    /// The processor.
    private static func run(_ body: [UInt8], _ fault: Fault, _ client: HTTPClient) async -> JSONValue {
        guard let payload = try? JSONValue(parsing: body), let prefix = payload["write_prefix"]?.stringValue,
            let id = payload["execution_id"], fault != .providerError
        else {
            return ["status": "error", "error": ["code": "ERR_PROVIDER", "message": "no"], "execution_id": ""]
        }
        let entry: JSONValue = [
            "path": .string(prefix + "out/a.txt"), "cid": .string(ContentID(of: content).description),
            "size_bytes": .integer(Int64(content.count)), "mime": "text/plain",
        ]
        func put(_ name: String, _ bytes: [UInt8]) async {
            guard let url = payload["put_urls"]?[name]?.stringValue else { return }
            _ = try? await client.fetch(HTTPRequest(.put, url, body: .bytes(bytes)), upTo: 0)
        }
        if fault != .noUploads {
            await put("outputs/out/a.txt", fault == .wrongBytes ? Array("HELLO\n".utf8) : content)
        }
        if fault != .noUploads, fault != .noIndex {
            await put("outputs.json", Array(JSONValue.object(["outputs": [entry]]).compact.utf8))
        }
        return [
            "status": "success", "execution_id": id, "outputs": [entry], "meta": [:],
            "index_path": .string(prefix + "outputs.json"),
        ]
    }

    @Test func passesAProcessorThatKeepsItsWord() async throws {
        let (result, lines) = try await smoke(.none, transport: .http)
        #expect(try result.get() == SmokeVerdict(outputs: 1, events: 1))
        #expect(
            lines == ["progress {}", "warning: the network could be reached: this engine is not on this machine"])
    }

    @Test(arguments: [
        (Fault.wrongBytes, ErrorCode.outputMismatch), (.noIndex, .outputMismatch), (.providerError, .badResponse),
        (.otherDigest, .registryMismatch),
    ])
    func failsOneThatDoesNot(fault: Fault, code: ErrorCode) async throws {
        let (result, _) = try await smoke(fault, transport: .http)
        guard case .failure(let failure) = result else {
            Issue.record("passed")
            return
        }
        #expect(failure.code == code)
        #expect(failure.detail == "the last 50 lines")
    }

    @Test func theEnvelopeHasToBeWhatTheSpecExpects() async throws {
        let (fitting, _) = try await smoke(
            .none, transport: .http, expectation: ["properties": ["outputs": ["minItems": 1]]])
        #expect(try fitting.get().outputs == 1)
        let (other, _) = try await smoke(
            .none, transport: .http, expectation: ["properties": ["outputs": ["minItems": 2]]])
        guard case .failure(let failure) = other else {
            Issue.record("passed")
            return
        }
        #expect(failure.code == .badResponse)
        #expect(failure.detail?.contains("/outputs") == true)
    }

    @Test func aDeadContainerFailsAtOnceWithItsLog() async throws {
        let (result, _) = try await smoke(.dead, transport: .http)
        guard case .failure(let failure) = result else {
            Issue.record("passed")
            return
        }
        #expect(failure.code == .health)
        #expect(failure.message.contains("exited with code 3"))
        #expect(failure.detail == "the last 50 lines")
    }

    @Test func outputsThatAreOnlyClaimedAreNoEvidence() async throws {
        let (unuploaded, lines) = try await smoke(.noUploads, transport: .http)
        guard case .failure(let failure) = unuploaded else {
            Issue.record("passed")
            return
        }
        #expect(failure.code == .outputMismatch)
        #expect(lines.contains { $0.hasPrefix("warning: ") })
    }

    /// 192.0.2.1 is no address of any host (RFC 5737).
    @Test(arguments: [nil, "192.0.2.1"])
    func runsWithoutUploadsWhereTheyCannotArrive(gateway: String?) async throws {
        let (result, lines) = try await smoke(.none, transport: .http, gateway: gateway)
        #expect(try result.get().outputs == 1)
        #expect(lines.contains { $0.contains("not checked") })
    }

    @Test func usesTheTransportThatTheProcessorSpeaks() async throws {
        let (result, _) = try await smoke(.none, transport: .ws)
        guard case .failure(let failure) = result else {
            Issue.record("passed")
            return
        }
        #expect(failure.code == .wsClose)
    }
}

/// An engine whose every container is the same server, and whose address for call-backs is known or not.
final class OneContainer: ContainerEngine {
    private let port: Int
    private let gateway: String?
    private let state: ContainerState
    private let isNew: Bool
    let specs = Mutex<[ContainerSpec]>([])
    var started: [String] { specs.withLock { $0.map(\.name) } }
    let removed = Mutex<[String]>([])

    init(port: Int, gateway: String?, state: ContainerState, isNew: Bool = true) {
        self.isNew = isNew
        self.port = port
        self.gateway = gateway
        self.state = state
    }

    func containers() async throws(Failure) -> [ObservedContainer] { [] }
    func removeLeftovers() async throws(Failure) -> Int { 0 }
    func imageID(of image: ImageReference) async throws(Failure) -> String? { "sha256:1" }
    func pull(_ image: ImageReference, platform: Platform) async throws(Failure) -> String { "sha256:1" }

    func start(_ spec: ContainerSpec) async throws(Failure) -> (container: ObservedContainer, isNew: Bool) {
        specs.withLock { $0.append(spec) }
        let container = ObservedContainer(
            id: spec.name, name: spec.name, ref: spec.ref, imageID: "sha256:1", isRunning: true,
            specHash: spec.specHash, hostPort: spec.network == .published ? port : nil)
        return (container, isNew)
    }

    func state(of id: String) async throws(Failure) -> ContainerState? { state }
    func logTail(of id: String, lines: Int) async throws(Failure) -> String { "the last \(lines) lines" }
    func stop(_ id: String, graceSeconds: Int) async throws(Failure) {}
    func remove(_ id: String, graceSeconds: Int) async throws(Failure) { removed.withLock { $0.append(id) } }
    func gatewayAddress() async throws(Failure) -> String? { gateway }
    func createNetwork(_ name: String, run: RunMark) async throws(Failure) {}
    func removeNetwork(_ name: String) async throws(Failure) {}
    func addresses(of id: String, on network: String) async throws(Failure) -> NetworkAddresses? { nil }
    func container(
        _ id: String, has environment: [String: String], world: String?
    ) async throws(Failure) -> Bool { true }
    func processID(of id: String) async throws(Failure) -> Int? { nil }
}
