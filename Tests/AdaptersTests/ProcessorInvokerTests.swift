import BLAKE3
import DeploymentModel
import JSON
import Testing

@testable import Adapters

@Suite(.tags(.small), .timeLimit(.minutes(1))) struct ProcessorInvokerTests {
    /// Answers with a value, or never.
    private struct Scripted: ProcessorTransport {
        let answer: Result<JSONValue, Failure>?

        func run(
            _ payload: RunPayload, at endpoint: ProcessorEndpoint,
            report: @escaping @Sendable (ProcessorEvent) async -> Void
        ) async throws(Failure) -> JSONValue {
            await report(.log("started"))
            guard let answer else {
                let (forever, _) = AsyncStream.makeStream(of: Void.self)
                for await _ in forever {}
                throw .cancelledRun
            }
            return try answer.get()
        }
    }

    private let digest = "sha256:" + String(repeating: "a", count: 64)
    private let endpoint = ProcessorEndpoint(origin: "http://127.0.0.1:1", api: ProcessorAPI())

    private func invoke(_ answer: Result<JSONValue, Failure>?) async throws -> Envelope {
        let id = try ExecutionID("E1")
        let invocation = Invocation(
            ref: try RunnableRef("a/b@1"), mode: .real, inputs: [:],
            writePrefix: try WritePrefix("/artifacts/{execution_id}/", for: id), executionID: id, declared: [],
            image: try Digest(digest), platform: .amd64, secretsPresent: ["KEY"], timeout: .seconds(10))
        let clock = ManualClock(patience: .seconds(3600))
        return await ProcessorInvoker(adapter: "local", clock: clock).invoke(
            invocation, at: endpoint, over: Scripted(answer: answer)
        ).envelope
    }

    private var fingerprint: JSONValue {
        .string("adapter=local,env_keys_present=[KEY],image=\(digest),mode=real,platform=amd64")
    }

    @Test func anErrorOfTheProcessorPassesThrough() async throws {
        let error: JSONValue = [
            "status": "error", "execution_id": "E1", "error": ["code": "ERR_PROVIDER", "message": "rate limited"],
            "meta": ["env_fingerprint": "mode=real", "duration_ms": 5],
        ]
        let envelope = try await invoke(.success(error))
        #expect(envelope.outcome == .error(code: "ERR_PROVIDER", message: "rate limited"))
        #expect(envelope.meta["duration_ms"] == 5)
        #expect(envelope.meta["env_fingerprint"] == fingerprint)
        #expect(envelope.meta["processor_env_fingerprint"] == "mode=real")
        #expect(envelope.meta["image_digest"] == .string(digest))
    }

    @Test func aFailureOfTheTransportIsAnEnvelopeToo() async throws {
        let envelope = try await invoke(.failure(Failure(.wsClose, "gone")))
        #expect(envelope.outcome == .error(code: "ERR_WS_CLOSE", message: "gone"))
        #expect(envelope.meta["env_fingerprint"] == fingerprint)
    }

    @Test func aLieIsAnErrorEnvelope() async throws {
        let envelope = try await invoke(
            .success([
                "status": "success", "execution_id": "E1", "index_path": "/artifacts/E1/outputs.json",
                "outputs": [["path": "/artifacts/other/a"]],
            ]))
        guard case .error("ERR_BAD_RESPONSE", _) = envelope.outcome else {
            Issue.record("\(envelope.outcome)")
            return
        }
    }

    @Test func aRunThatNeverEndsIsCutOff() async throws {
        guard case .error("ERR_TIMEOUT", _) = try await invoke(nil).outcome else {
            Issue.record("no timeout")
            return
        }
    }
}
