import DeploymentModel
import FoundationEssentials
import NIOCore
import NIOPosix
import Synchronization

@testable import Adapters

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// One processor of the sample registry as a child process without any other environment.
final class ProcessorProcess: Sendable {
    private let id: pid_t
    /// It has ended of itself and was waited for.
    private let isGone = Atomic(false)

    /// Starts it on a free port and waits until it is healthy; `nil` where `PINION_PYTHON` names no Python to run it.
    ///
    /// A free port may be another's by the time that the processor binds it: then with the next one.
    static func start(_ name: String) async throws -> (ProcessorProcess, ProcessorEndpoint)? {
        guard let python = ProcessInfo.processInfo.environment["PINION_PYTHON"] else {
            print("not run: PINION_PYTHON is not set")
            return nil
        }
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

    private static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }

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
