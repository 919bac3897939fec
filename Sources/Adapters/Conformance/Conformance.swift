package import DeploymentModel
import JSON
import Synchronization

/// A battery against one processor, in containers of this host: does it keep the rules of the protocol (contract
/// "Transports")? This is also what a processor's author runs.
package struct Conformance: Sendable {
    private static let repetitions = 20
    private static let concurrency = 8
    private static let stopSeconds = 10

    let adapter: LocalAdapter
    let processor: Processor
    let registry: RunnableRegistry
    let platform: Platform
    /// What it has to say that it runs; a local build has no digest to be known by.
    let image: ImageReference?
    private let build: String?

    /// - Parameter build: the engine's id of a local build, in place of the pinned image.
    package init(
        _ processor: Processor, by adapter: LocalAdapter, registry: RunnableRegistry, platform: Platform,
        build: String? = nil
    ) {
        self.processor = processor
        self.adapter = adapter
        self.registry = registry
        self.platform = platform
        image = build == nil ? processor.pins[platform] : nil
        self.build = build
    }

    /// - Parameter report: gets each entry as soon as it is known.
    /// - Throws: `Failure` when there is nothing to test: no image, no engine.
    package func run(
        report: @escaping @Sendable (ConformanceReport.Entry) -> Void
    ) async throws(Failure) -> ConformanceReport {
        let start = try await start()
        let results = ConformanceResults(clock: adapter.surroundings.clock, report: report)
        await testInOneContainer(start, results)
        await results.check("missing-secret", "a real run without its secrets answers ERR_MISSING_SECRET") {
            () async throws(Failure) in
            guard !processor.secrets.required.isEmpty else { return .skipped("it requires no secret") }
            return try await adapter.withContainer(start) { placed throws(Failure) in
                try await adapter.awaitHealth(of: placed, processor, on: platform)
                let answer = try await send(["mode": "real"], to: placed)
                return Self.expect(answer, code: "ERR_MISSING_SECRET")
            }
        }
        // What was cut short is no finding about the processor.
        guard !Task.isCancelled else { throw .cancelledRun }
        return ConformanceReport(
            ref: processor.ref, adapter: adapter.kind.rawValue, image: start.image, platform: platform,
            entries: results.entries)
    }

    private func start() async throws(Failure) -> ContainerStart {
        guard let build else { return try await adapter.start(of: processor, image, on: platform, isIsolated: true) }
        return ContainerStart(
            processor: processor, image: build, imageID: build, platform: platform,
            environment: ["IMAGE_DIGEST": build], isIsolated: true, world: nil)
    }

    /// Everything that one container can show, its end last.
    private func testInOneContainer(_ start: ContainerStart, _ results: ConformanceResults) async {
        do throws(Failure) {
            try await adapter.withContainer(start) { placed throws(Failure) in
                let isHealthy = await results.check(
                    "health", "GET \(processor.api.healthPath) answers 200 with {\"ok\":true}"
                ) {
                    () async throws(Failure) in
                    let health = try await adapter.awaitHealth(of: placed, processor, on: platform)
                    guard let image = image?.digest, let claim = health.digest, !image.isMeant(by: claim)
                    else { return .passed }
                    return .failed("it says that it runs \(claim), not \(image)")
                }
                guard isHealthy else { return }
                await test(placed, results)
                await results.check("stop", "SIGTERM ends it within \(Self.stopSeconds) seconds") {
                    () async throws(Failure) in
                    try await adapter.engine.stop(placed.container.id, graceSeconds: Self.stopSeconds)
                    guard case .exited(let code) = try await adapter.engine.state(of: placed.container.id) else {
                        return .failed("it still runs")
                    }
                    // 137 is SIGKILL's.
                    return code == 137 ? .failed("it had to be killed") : .passed
                }
            }
        } catch {
            await results.check("start", "its container starts") { () async throws(Failure) in throw error }
        }
    }

    private func test(_ placed: PlacedContainer, _ results: ConformanceResults) async {
        if processor.api.transport == .ws {
            await results.check("subprotocol", "it selects theory.run.v1 and no other subprotocol") {
                () async throws(Failure) in await negotiate(placed)
            }
        }
        await results.check("run", "a mock run sends its frames in order and an envelope that its bytes bear out") {
            () async throws(Failure) in
            _ = try await mockRun(placed)
            return .passed
        }
        await results.check("determinism", "two mock runs of equal inputs give equal outputs") {
            () async throws(Failure) in
            let (first, second) = (try await mockRun(placed), try await mockRun(placed))
            let differing = first.filter { second[$0.key] != $0.value }.keys.sorted()
            return differing.isEmpty && first.count == second.count
                ? .passed : .failed("different: \(differing.joined(separator: ", "))")
        }
        await results.check("mode-unknown", "a mode that is neither mock nor real is refused with ERR_MODE_INVALID") {
            () async throws(Failure) in
            Self.expect(try await send(["mode": "rehearsal"], to: placed), code: "ERR_MODE_INVALID")
        }
        await results.check("bad-inputs", "inputs that don't fit the schema are refused with ERR_INPUTS") {
            () async throws(Failure) in
            guard let inputs = unfitting else { return .skipped("its schema refuses nothing that was tried") }
            return Self.expect(try await send(["mode": "mock", "inputs": inputs], to: placed), code: "ERR_INPUTS")
        }
        await results.check("cancellation", "a run whose caller goes away disturbs no later one") {
            () async throws(Failure) in
            var wasLeft = false
            for _ in 0..<Self.repetitions where !wasLeft { wasLeft = await cancelledRun(placed) }
            _ = try await mockRun(placed)
            return wasLeft ? .passed : .skipped("its runs are over before a caller can go away")
        }
        await results.check("in-a-row", "\(Self.repetitions) runs in a row") { () async throws(Failure) in
            for _ in 0..<Self.repetitions { _ = try await mockRun(placed) }
            return .passed
        }
        await results.check("at-once", "\(Self.concurrency) runs at once") { () async throws(Failure) in
            let failures = await withTaskGroup(of: Failure?.self) { group in
                for _ in 0..<Self.concurrency {
                    group.addTask {
                        do throws(Failure) {
                            _ = try await mockRun(placed)
                            return nil
                        } catch { return error }
                    }
                }
                return await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
            }
            guard let first = failures.first else { return .passed }
            return .failed("\(failures.count) of \(Self.concurrency) failed: \(first)")
        }
    }
}

/// What a check came to.
enum ConformanceOutcome: Sendable {
    case passed
    case failed(String)
    case skipped(String)
}

/// The entries so far, in the order of their checks.
final class ConformanceResults: Sendable {
    private let all = Mutex<[ConformanceReport.Entry]>([])
    private let clock: any Clock<Duration>
    private let report: @Sendable (ConformanceReport.Entry) -> Void

    init(clock: any Clock<Duration>, report: @escaping @Sendable (ConformanceReport.Entry) -> Void) {
        self.clock = clock
        self.report = report
    }

    var entries: [ConformanceReport.Entry] { all.withLock { $0 } }

    /// Runs a check; what it throws is a failure of the processor.
    @discardableResult
    func check(
        _ rule: String, _ title: String, _ body: () async throws(Failure) -> ConformanceOutcome
    ) async -> Bool {
        var outcome = ConformanceOutcome.passed
        let took = await clock.measured {
            do throws(Failure) { outcome = try await body() } catch {
                outcome = .failed(([error.description, error.detail].compactMap(\.self)).joined(separator: "\n"))
            }
        }
        let (status, detail): (ConformanceReport.Status, String?) =
            switch outcome {
            case .passed: (.passed, nil)
            case .failed(let reason): (.failed, reason)
            case .skipped(let reason): (.skipped, reason)
            }
        let entry = ConformanceReport.Entry(
            rule: rule, title: title, status: status, detail: detail, seconds: took / .seconds(1))
        all.withLock { $0.append(entry) }
        report(entry)
        return status != .failed
    }
}

extension Clock<Duration> {
    fileprivate func measured(_ body: () async -> Void) async -> Duration {
        let start = now
        await body()
        return start.duration(to: now)
    }
}
