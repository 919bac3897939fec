import Adapters
import DeploymentModel
import Docker
import FoundationEssentials
import RegistryCatalog
import Testing

/// The negative probe of real images, in real containers.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct ProbeTests {
    @Test func `a processor passes by refusing a real run that has no secrets, and not by making it`() async throws {
        try await Sample.with(["llm_litellm", "text_stats"]) { sample in
            let reconciled = try await sample.reconcile()
            #expect(reconciled.exitCode == 0, "\(reconciled.stderr)")
            try await probe("litellm", sample)
            let failure = await #expect(throws: Failure.self) { try await probe("stats", sample) }
            #expect(failure?.code == .badResponse)
            #expect(failure?.message.contains("in mode real, and answered with success") == true)
        }
    }

    private func probe(_ name: String, _ sample: Sample) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/pinion-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let registry = try await sample.catalog().runnable()
        let processor = try #require(registry.processors[ProcessorRef("\(sample.namespace)/\(name)@1")])
        let surroundings = RunSurroundings(world: try await LocalWorld(at: folder), isCI: true)
        let adapter = LocalAdapter(engine: try Sample.engine(), surroundings: surroundings, mark: .ofThisProcess)
        try await ProcessorSmokeTester(local: adapter, registry: registry).probe(
            SmokeRequest(
                processor: processor, image: try #require(processor.pins[.host]), platform: .host,
                executionID: "probe-\(name)"))
    }
}
