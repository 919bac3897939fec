import DeploymentModel
import JSON
import Synchronization
import Testing

@testable import Adapters

/// The processors of the sample registry, run as processes by the Python that `PINION_PYTHON` names.
@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct SampleProcessorTests {
    static let prompt: JSONValue = ["schema": "v1", "params": ["prompt": "Say hello."]]
    static let text: JSONValue = ["schema": "v1", "params": ["text": "a b a\n"]]

    @Test func theLanguageModelStreamsTokensAndUploadsWhatItSays() async throws {
        let declared = [DeclaredOutput(path: "text/response.txt"), DeclaredOutput(path: "meta.json")]
        let ran = try await run("llm_litellm", WebSocketTransport(), Self.prompt, declared)
        guard let (checked, events) = ran else { return }
        #expect(checked.warnings.isEmpty)
        #expect(checked.envelope.outputs.count == 2)
        #expect(checked.envelope.outputs.allSatisfy { $0.contentID != nil && $0.sizeBytes != nil })
        #expect(events.contains { if case .token = $0 { true } else { false } })
        #expect(
            checked.envelope.meta["env_fingerprint"] == "adapter=local,env_keys_present=[],mode=mock,platform=amd64")
    }

    @Test func aRealRunWithoutItsSecretSaysSo() async throws {
        guard let (checked, _) = try await run("llm_litellm", WebSocketTransport(), Self.prompt, [], mode: .real)
        else { return }
        guard case .error("ERR_MISSING_SECRET", let message) = checked.envelope.outcome else {
            Issue.record("\(checked.envelope.outcome)")
            return
        }
        #expect(message.contains("OPENAI_API_KEY"))
    }

    @Test func textStatisticsAnswerOverPlainHTTP() async throws {
        let declared = [DeclaredOutput(path: "stats.json", mime: "application/json")]
        guard let (checked, _) = try await run("text_stats", HTTPTransport(), Self.text, declared) else { return }
        #expect(checked.warnings.isEmpty)
        #expect(checked.envelope.outputs.map(\.path.text) == ["/artifacts/outputs/sample-1/stats.json"])
    }

    @Test func textStatisticsStreamTheirProgress() async throws {
        let declared = [DeclaredOutput(path: "stats.json")]
        guard let (checked, events) = try await run("text_stats", EventStreamTransport(), Self.text, declared)
        else { return }
        #expect(checked.envelope.isSuccess)
        #expect(events.last == .other(kind: "progress", content: ["done": 1]))
    }

    /// `nil` where there is no Python to run it.
    private func run(
        _ name: String, _ transport: any ProcessorTransport, _ inputs: JSONValue, _ declared: [DeclaredOutput],
        mode: RunMode = .mock
    ) async throws -> (CheckedEnvelope, [ProcessorEvent])? {
        guard let (process, endpoint) = try await ProcessorProcess.start(name) else { return nil }
        defer { process.end() }
        let id = try ExecutionID("sample-1")
        let invocation = Invocation(
            ref: try RunnableRef("sample/processor@1"), mode: mode, inputs: inputs,
            writePrefix: try WritePrefix("/artifacts/outputs/{execution_id}/", for: id), executionID: id,
            declared: declared, image: nil, platform: .amd64, timeout: .seconds(30))
        let events = Mutex<[ProcessorEvent]>([])
        let checked = try await withTemporaryFolder { folder in
            try await ArtifactReceiver.serving(
                at: .host("127.0.0.1"), for: declared.map(\.path), storingIn: folder
            ) { receiver throws(Failure) in
                try await ProcessorInvoker(adapter: "local").run(
                    invocation, at: endpoint, over: transport, receiver: receiver
                ) { event in events.withLock { $0.append(event) } }
            }
        }
        return (checked, events.withLock { $0 })
    }
}
