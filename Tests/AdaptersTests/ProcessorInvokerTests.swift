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

    private func run(_ answer: Result<JSONValue, Failure>?) async throws -> Envelope {
        let id = try ExecutionID("E1")
        let invocation = Invocation(
            ref: try RunnableRef("a/b@1"), mode: .real, inputs: [:],
            writePrefix: try WritePrefix("/artifacts/{execution_id}/", for: id), executionID: id, declared: [],
            image: try Digest(digest), platform: .amd64, secretsPresent: ["KEY"], timeout: .seconds(10))
        let clock = ManualClock(patience: .seconds(3600))
        return try await ProcessorInvoker(adapter: "local", clock: clock).run(
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
        let envelope = try await run(.success(error))
        #expect(envelope.outcome == .error(code: "ERR_PROVIDER", message: "rate limited"))
        #expect(envelope.meta["duration_ms"] == 5)
        #expect(envelope.meta["env_fingerprint"] == fingerprint)
        #expect(envelope.meta["processor_env_fingerprint"] == "mode=real")
        #expect(envelope.meta["image_digest"] == .string(digest))
    }

    @Test func aFailureOfTheTransportIsThrownAsItIs() async throws {
        let failure = Failure(.wsClose, "gone")
        await #expect(throws: failure) { try await run(.failure(failure)) }
    }

    @Test func aLieIsRefused() async throws {
        let lie: JSONValue = [
            "status": "success", "execution_id": "E1", "index_path": "/artifacts/E1/outputs.json",
            "outputs": [["path": "/artifacts/other/a"]],
        ]
        let failure = await #expect(throws: Failure.self) { try await run(.success(lie)) }
        #expect(failure?.code == .badResponse)
    }

    @Test func aRunThatNeverEndsIsCutOff() async throws {
        let failure = await #expect(throws: Failure.self) { try await run(nil) }
        #expect(failure?.code == .timeout)
    }
}
