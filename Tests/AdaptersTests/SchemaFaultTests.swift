import DeploymentModel
import JSON
import Testing

@testable import Adapters

@Suite(.tags(.medium)) struct SchemaFaultTests {
    @Test func aSchemaThatIsNoneIsTheSpecsFault() async throws {
        let processor = Processor(ref: try ProcessorRef("a/b@1"), specHash: "s", inputs: ["$ref": "nowhere@1"])
        let registry = RunnableRegistry(snapshotID: "sha256:0", processors: [processor.ref: processor])
        try await withWorld { world in
            let result = await MockAdapter(surroundings: RunSurroundings(world: world)).invoke(
                processorRef: "a/b@1", inputsJSON: ["mode": "mock"], writePrefix: "/artifacts/x/",
                executionID: try ExecutionID("E"), registrySnapshot: registry)
            #expect(result.failure?.code == .spec)
        }
    }
}
