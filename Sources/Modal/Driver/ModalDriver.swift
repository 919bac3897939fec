package import DeploymentModel
import FoundationEssentials
import JSON

/// The Python process that does with Modal's SDK what is asked for. It starts with the first request, serves many at
/// once, and is started again when it was killed.
package actor ModalDriver {
    private let settings: DriverSettings
    private let patience: DriverPatience
    private let retry: RetryRule
    private let clock: any Clock<Duration>
    private var current: (process: DriverProcess, life: Task<Void, Never>)?

    /// - Parameters:
    ///   - variables: those of this process; the driver gets only those that it needs.
    ///   - policy: how often a request is tried that may succeed another time.
    ///   - clock: for the pauses between attempts.
    package init(
        variables: [String: String] = ProcessInfo.processInfo.environment, policy: Policy = .none,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.init(variables: variables, policy: policy, clock: clock, patience: DriverPatience())
    }

    init(variables: [String: String], policy: Policy, clock: any Clock<Duration>, patience: DriverPatience) {
        settings = DriverSettings(variables) { path in
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        } exists: {
            FileManager.default.fileExists(atPath: $0)
        }
        self.patience = patience
        retry = RetryRule(policy)
        self.clock = clock
    }

    deinit { current?.process.finish() }

    /// Starts the process if it does not run, without waiting until it is ready: that takes Python about a second.
    package func start() { _ = try? process() }

    /// Lets the process answer what is under way, and waits for its end.
    package func close() async {
        guard let (process, life) = current else { return }
        current = nil
        process.finish()
        await life.value
    }

    /// Sends a request and gives its answer. All operations may be repeated, so one is tried again where that may help.
    func answer(to request: DriverRequest) async throws(Failure) -> JSONValue {
        var attempt = 1
        while true {
            let process = try process()
            do {
                return try await process.answer(to: request)
            } catch {
                guard error.isWorthRetry, let pause = retry.pause(after: attempt, jitter: .random(in: 0..<1))
                else { throw error.failure }
                guard (try? await clock.sleep(for: pause)) != nil else { throw DriverFailure.cancelled.failure }
                attempt += 1
            }
        }
    }

    private func process() throws(Failure) -> DriverProcess {
        if let current, !current.process.isEnded { return current.process }
        let process = try DriverProcess(settings, patience: patience)
        // It outlives the request that starts it; its end is waited for in `close`.
        current = (process, Task { await process.run() })
        return process
    }
}
