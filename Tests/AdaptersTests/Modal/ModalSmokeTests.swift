import DeploymentModel
import HTTP
import JSON
import Synchronization
import Testing

@testable import Adapters

/// Smoke tests where a processor is deployed.
@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct ModalSmokeTests {
    private static let elsewhere = FunctionName(app: "main-ann-text-echo-v1", function: "exec__text_echo__v1")

    private func smoke(
        _ run: ModalRun = ModalRun(), _ modal: ModalServer = ModalServer(), hasModal: Bool = true
    ) async throws -> (Result<SmokeVerdict, Failure>, [String], [FunctionName]) {
        let lines = Mutex<[String]>([])
        return try await withTemporaryFolder { folder in
            try await modal.server.run { origin in
                let world = try await LocalWorld(at: folder + "/world")
                let (adapter, platform) = run.adapter(at: origin, in: world)
                let local = LocalAdapter(
                    engine: OneContainer(port: 1, gateway: nil, state: .running),
                    surroundings: RunSurroundings(world: world), mark: RunMark("h/1/1"))
                let tester = ProcessorSmokeTester(
                    local: local, modal: hasModal ? adapter : nil, registry: RunnableRegistry(snapshotID: "sha256:0"))
                // The pin that is tested may be another than that of the spec.
                var processor = try run.processor
                let image = try #require(processor.pins[.amd64])
                processor.pins = [:]
                let request = SmokeRequest(
                    processor: processor, image: image, platform: .amd64, executionID: "E1",
                    place: .modal(Self.elsewhere))
                let result: Result<SmokeVerdict, Failure>
                do throws(Failure) {
                    result = .success(try await tester.smoke(request) { line in lines.withLock { $0.append(line) } })
                } catch {
                    result = .failure(error)
                }
                return (result, lines.withLock { $0 }, platform.lookups.withLock { $0 })
            }
        }
    }

    private func code(_ result: Result<SmokeVerdict, Failure>) -> ErrorCode? {
        if case .failure(let failure) = result { failure.code } else { nil }
    }

    @Test func claimsDoOnModalAndAreToldOf() async throws {
        let (result, lines, lookups) = try await smoke()
        #expect(try result.get() == SmokeVerdict(outputs: 1, events: 1))
        #expect(lines.first == "hel")
        #expect(lines.last?.hasPrefix("warning: the outputs are only claimed") == true)
        #expect(Set(lookups) == [Self.elsewhere], "the deployment that was named")
    }

    @Test func theEnvelopeIsJudgedAsItIsOnThisHost() async throws {
        var run = ModalRun(smoke: SmokeSpec(expect: ["properties": ["outputs": ["minItems": 2]]]))
        #expect(code(try await smoke(run).0) == .badResponse)
        run.smoke = SmokeSpec()
        var modal = ModalServer()
        modal.changes = ["outputs": []]
        #expect(code(try await smoke(run, modal).0) == .outputMismatch, "a declared output is missing")
        modal.changes = [
            "status": "error", "outputs": .null, "index_path": .null,
            "error": ["code": "ERR_PROVIDER", "message": "m"],
        ]
        #expect(code(try await smoke(run, modal).0) == .badResponse)
    }

    @Test func anotherImageIsNoEvidence() async throws {
        let run = ModalRun(lookups: { [.success(.deployed(at: $0, imageID: "im-2"))] })
        #expect(code(try await smoke(run).0) == .registryMismatch)
    }

    @Test func whereNothingIsDeployedNothingIsTested() async throws {
        #expect(code(try await smoke(hasModal: false).0) == .functionNotFound)
    }
}
