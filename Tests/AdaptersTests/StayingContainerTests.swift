import Adapters
import DeploymentModel
import HTTP
import Synchronization
import Testing

/// Containers that are started to stay.
@Suite(.tags(.medium))
struct StayingContainerTests {
    @Test(arguments: [true, false])
    func whatIsNotHealthyIsRemovedAgainUnlessAnotherRunStartedIt(isNew: Bool) async throws {
        try await withTemporaryFolder { folder in
            let engine = OneContainer(port: 9, gateway: nil, state: .exited(code: 1), isNew: isNew)
            let adapter = LocalAdapter(
                engine: engine, surroundings: RunSurroundings(world: try await LocalWorld(at: folder + "/world")),
                mark: RunMark("h/1/1"), client: HTTPClient())
            let processor = Processor(ref: try ProcessorRef("text/echo@1"), specHash: "s")
            do throws(Failure) {
                _ = try await adapter.startToStay(
                    processor, .host, build: "sha256:1",
                    owner: ContainerOwner(environment: "local", repository: "/a/.git/"))
                Issue.record("it is healthy")
            } catch { #expect(error.code == .health) }
            #expect(engine.removed.withLock { $0 } == (isNew ? engine.started : []))
        }
    }
}
