import DeploymentModel
import JSON
import Testing

@testable import Adapters

/// The processors of the sample registry, run as processes, behind a platform that says that they are deployed.
@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct ModalSampleTests {
    @Test(arguments: [
        ("llm_litellm", ProcessorAPI.Transport.ws, SampleProcessorTests.prompt, ["text/response.txt", "meta.json"]),
        ("text_stats", .http, SampleProcessorTests.text, ["stats.json"]),
    ])
    func runsAndClaimsItsOutputs(
        name: String, transport: ProcessorAPI.Transport, inputs: JSONValue, declared: [String]
    ) async throws {
        guard let (process, endpoint) = try await ProcessorProcess.start(name) else { return }
        defer { process.end() }
        let outputs = declared.map { DeclaredOutput(path: $0) }
        let outcome = try await ModalRun(transport: transport, inputs: inputs, outputs: outputs)(at: endpoint.origin)
        #expect(outcome.result.failure == nil)
        #expect(
            outcome.result.envelope.outputs.map(\.path.text).sorted()
                == declared.map { "/artifacts/outputs/E1/" + $0 }.sorted())
        #expect(outcome.result.envelope.outputs.allSatisfy { $0.contentID != nil && $0.sizeBytes != nil })
        #expect(outcome.result.warnings.count == 1, "\(outcome.result.warnings)")
        #expect(!outcome.events.isEmpty)
        #expect(outcome.result.envelope.meta["app_version"] == 3)
    }
}
