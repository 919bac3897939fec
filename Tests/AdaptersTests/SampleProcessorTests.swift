import DeploymentModel
import FoundationEssentials
import HTTP
import JSON
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Adapters

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

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
        guard let python = ProcessInfo.processInfo.environment["PINION_PYTHON"] else {
            print("not run: PINION_PYTHON is not set")
            return nil
        }
        let (process, endpoint) = try await start(name, python)
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

    /// A free port may be another's by the time that the processor binds it: then with the next one.
    private func start(_ name: String, _ python: String) async throws -> (ProcessorProcess, ProcessorEndpoint) {
        for _ in 0..<5 {
            let port = try await freePort()
            let process = try ProcessorProcess(python: python, processor: name, port: port)
            let endpoint = ProcessorEndpoint(origin: "http://127.0.0.1:\(port)", api: ProcessorAPI())
            do {
                _ = try await HealthWait().wait(for: endpoint, atMost: .seconds(30)) {
                    process.hasEnded ? "ended" : nil
                }
                return (process, endpoint)
            } catch {
                process.end()
                guard process.hasEnded else { throw error }
            }
        }
        throw Failure(.health, "no processor could be started")
    }

    private func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }
}

/// One processor of the sample registry as a child process without any other environment.
private final class ProcessorProcess: Sendable {
    private let id: pid_t
    /// It has ended of itself and was waited for.
    private let isGone = Atomic(false)

    struct NotStarted: Error { let status: Int32 }

    init(python: String, processor: String, port: Int) throws {
        let root = URL(filePath: #filePath).appending(path: "../../../registry/processors/\(processor)").standardized
        let arguments = [python, "-m", "app.server"]
        let environment = ["PYTHONPATH=\(root.path)", "PYTHONDONTWRITEBYTECODE=1", "HOST=127.0.0.1", "PORT=\(port)"]
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = environment.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var id = pid_t()
        let status = posix_spawn(&id, python, nil, nil, &argv, &envp)
        guard status == 0 else { throw NotStarted(status: status) }
        self.id = id
    }

    var hasEnded: Bool {
        // Not 0: it has ended, or somebody else in this process has waited for it already.
        if !isGone.load(ordering: .relaxed), waitpid(id, nil, WNOHANG) != 0 { isGone.store(true, ordering: .relaxed) }
        return isGone.load(ordering: .relaxed)
    }

    func end() {
        guard !hasEnded else { return }
        kill(id, SIGKILL)
        waitpid(id, nil, 0)
    }
}
