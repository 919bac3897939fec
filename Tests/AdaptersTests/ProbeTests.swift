import DeploymentModel
import HTTP
import JSON
import Synchronization
import Testing

@testable import Adapters

/// The negative probe: a real run without secrets, which a processor has to refuse by itself.
@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct ProbeTests {
    /// Probes a processor that answers with this envelope, and gives what was found and the payloads that it got.
    private func probe(
        _ answer: JSONValue, required: [String] = ["KEY"], predicates: PredicatesSpec = PredicatesSpec(),
        healthy: Bool = true
    ) async throws -> (Failure?, [JSONValue], [ContainerSpec]) {
        let payloads = Mutex<[JSONValue]>([])
        let server = LoopbackServer(http: { request in
            guard request.path != "/healthz" else {
                return healthy ? .init(chunks: [#"{"ok":true}"#]) : .init(status: 503)
            }
            guard request.path == "/run" else { return .init(status: 404) }
            payloads.withLock { $0.append(JSONValue.parsed(request.body)) }
            return .init(chunks: [answer.compact])
        })
        return try await withTemporaryFolder { folder in
            try await server.run { origin in
                let engine = OneContainer(
                    port: Int(origin.split(separator: ":").last ?? "") ?? 0, gateway: nil,
                    state: healthy ? .running : .exited(code: 1))
                // The guard of CI lets exactly this through.
                let adapter = LocalAdapter(
                    engine: engine,
                    surroundings: RunSurroundings(world: try await LocalWorld(at: folder + "/world"), isCI: true),
                    mark: RunMark("h/1/1"), client: HTTPClient(), secrets: { _ in ["KEY": "value"] })
                let processor = Processor(
                    ref: try ProcessorRef("text/echo@1"), specHash: "s", api: ProcessorAPI(transport: .http),
                    secrets: SecretNames(required: required), predicates: predicates,
                    smoke: SmokeSpec(inputs: ["text": "a"]))
                let request = SmokeRequest(
                    processor: processor, image: try ImageReference("127.0.0.1:1/a@\(Digest.of("a"))"),
                    platform: .amd64, executionID: "E1")
                var found: Failure?
                do throws(Failure) {
                    try await ProcessorSmokeTester(local: adapter, registry: RunnableRegistry(snapshotID: "sha256:0"))
                        .probe(request)
                } catch { found = error }
                return (found, payloads.withLock { $0 }, engine.specs.withLock { $0 })
            }
        }
    }

    private static func error(_ code: String) -> JSONValue {
        ["status": "error", "execution_id": "E1", "error": ["code": .string(code), "message": "no"], "meta": [:]]
    }

    @Test func oneThatRefusesPasses() async throws {
        let (failure, payloads, specs) = try await probe(Self.error("ERR_MISSING_SECRET"))
        #expect(failure == nil)
        #expect(payloads.count == 1)
        #expect(payloads.first?["mode"] == "real")
        #expect(payloads.first?["inputs"] == ["text": "a"])
        #expect(!specs.isEmpty)
        for spec in specs { #expect(spec.environment["KEY"] == nil) }
    }

    @Test(arguments: ["ERR_PROVIDER", "ERR_INPUTS"])
    func oneThatAnswersSomethingElseFails(code: String) async throws {
        let (failure, _, _) = try await probe(Self.error(code))
        #expect(failure?.code == .badResponse)
        #expect(failure?.message.contains("answered \(code): no") == true, "\(failure?.message ?? "")")
        #expect(failure?.remedy?.contains("KEY") == true)
        #expect(failure?.detail == "the last 50 lines")
    }

    @Test func oneThatSucceedsFails() async throws {
        let answer: JSONValue = [
            "status": "success", "execution_id": "E1", "outputs": [], "meta": [:],
            "index_path": "/artifacts/outputs/E1/outputs.json",
        ]
        let (failure, _, _) = try await probe(answer)
        #expect(failure?.code == .badResponse)
        #expect(failure?.message.contains("success") == true)
        // Nothing to probe, and so nothing that it could pass.
        let (unneeded, _, _) = try await probe(answer, required: [])
        #expect(unneeded?.code == .badResponse)
    }

    /// The predicate refuses a real run without the secret before it starts; a probe has to get as far as the processor.
    @Test func thePredicateDoesNotAnswerForTheProcessor() async throws {
        let predicates = PredicatesSpec(
            admission: [PredicateSpec(id: try SpecID("secret.present@1"), arguments: ["name": "KEY"])])
        let (passed, payloads, _) = try await probe(Self.error("ERR_MISSING_SECRET"), predicates: predicates)
        #expect(passed == nil)
        #expect(payloads.count == 1)
        let (failure, _, _) = try await probe(Self.error("ERR_PROVIDER"), predicates: predicates)
        #expect(failure?.code == .badResponse)
    }

    @Test func oneThatDoesNotStartFails() async throws {
        let (failure, _, _) = try await probe(Self.error("ERR_MISSING_SECRET"), healthy: false)
        #expect(failure?.code == .health)
    }
}
