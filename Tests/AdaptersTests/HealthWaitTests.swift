import DeploymentModel
import HTTP
import Synchronization
import Testing

@testable import Adapters

@Suite(.tags(.medium), .timeLimit(.minutes(1))) struct HealthWaitTests {
    private let clock = ManualClock(patience: .seconds(15))

    private func wait(
        _ replies: [LoopbackServer.Reply], ended: @escaping @Sendable () async throws(Failure) -> String? = { nil }
    ) async throws -> ProcessorHealth {
        let left = Mutex(replies[...])
        let server = LoopbackServer(http: { request in
            guard request.path == "/healthz" else { return .init(status: 404) }
            return left.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? .init(status: 500) }
        })
        return try await server.run { origin in
            try await HealthWait(client: HTTPClient(), clock: clock).wait(
                for: ProcessorEndpoint(origin: origin, api: ProcessorAPI()), atMost: .seconds(15), ended: ended)
        }
    }

    private static let healthy = LoopbackServer.Reply(chunks: [#"{"ok":true}"#])

    @Test func isContentWithOneGoodAnswer() async throws {
        #expect(try await wait([Self.healthy]).digest == nil)
        #expect(clock.sleeps.isEmpty)
        #expect(try await wait([.init(chunks: [#"{"ok":true,"digest":"sha256:1"}"#])]).digest == "sha256:1")
    }

    @Test func asksAgainWithGrowingPauses() async throws {
        let vain: [LoopbackServer.Reply] = [
            .init(status: 503), .init(chunks: ["starting"]), .init(chunks: [#"{"ok":false}"#]), .init(chunks: ["[]"]),
            .init(status: 204), .init(status: 201, chunks: [#"{"ok":true}"#]),
        ]
        _ = try await wait(vain + [Self.healthy])
        #expect(clock.sleeps == [50, 100, 200, 400, 500, 500].map { .milliseconds($0) })
    }

    @Test func givesUpWithTheLastReason() async throws {
        await #expect {
            try await wait([.init(status: 503)])
        } throws: { error in
            guard let failure = error as? Failure else { return false }
            return failure.code == .health && failure.message.contains("HTTP 503")
        }
    }

    @Test func aDeadProcessorIsNotWaitedFor() async throws {
        await #expect {
            try await wait([.init(status: 503)]) { "exited with code 137" }
        } throws: { error in
            guard let failure = error as? Failure else { return false }
            return failure.code == .health && failure.message.contains("exited with code 137")
        }
        #expect(clock.sleeps.isEmpty)
    }

    @Test func failuresOfTheEngineComeThrough() async throws {
        await #expect {
            try await wait([.init(status: 503)]) { () throws(Failure) in throw Failure(.docker, "no engine") }
        } throws: {
            ($0 as? Failure)?.code == .docker
        }
    }
}
