import Adapters
import DeploymentModel
import Docker
import Reconciliation
import RegistryCatalog

/// The steps of a lane that deploys nothing, for one processor: build, push, pin, test. What comes of them is told by
/// events.
struct LaneChain: Sendable {
    let steps: [LaneStep]
    let session: Session
    /// The pins that count by ref, where they are not those of the specs.
    let pins: [ProcessorRef: [Platform: ImageReference]]
    /// Whether what is built is pushed: then nothing is built that is there already.
    let pushes: Bool
    /// The one platform that is built for.
    let only: Platform?

    func carryOut(
        _ processor: DesiredProcessor, _ operations: ImageOperations, _ tester: ProcessorSmokeTester, _ log: EventLog
    ) async {
        var built: [Platform: ImageReference] = [:]
        for (index, step) in steps.enumerated() {
            do throws(Failure) {
                switch step {
                case .build(let platforms):
                    built = try await build(processor, Set(platforms.map(\.platform)), operations, log)
                case .push where !built.isEmpty:
                    try Self.check(await operations.push(processor, for: built.keys.sorted()))
                case .pin: try Self.check([await operations.pin(processor)])
                case .smoke(.local, let image):
                    try await test(processor, .smoke, log) { () throws(Failure) in
                        let request = try await request(
                            processor, image == .build ? built : [:], "smoke", operations)
                        let verdict = try await tester.smoke(request) { log.add(processor.ref, .smoke, .log($0)) }
                        return "\(processor.processor.api.transport.rawValue), \(counted(verdict.outputs, "output"))"
                    }
                case .probe where !processor.processor.secrets.required.isEmpty:
                    try await test(processor, .probe, log) { () throws(Failure) in
                        try await tester.probe(try await request(processor, [:], "probe", operations))
                        return "refuses to run without its secrets"
                    }
                default: break
                }
            } catch {
                let rest = steps.dropFirst(index + 1).compactMap { RunEvent.Step(rawValue: $0.kind.rawValue) }
                if !rest.isEmpty, let failed = RunEvent.Step(rawValue: step.kind.rawValue) {
                    log.add(processor.ref, failed, .skipped(rest))
                }
                return
            }
        }
    }

    private func build(
        _ processor: DesiredProcessor, _ platforms: Set<Platform>, _ operations: ImageOperations, _ log: EventLog
    ) async throws(Failure) -> [Platform: ImageReference] {
        guard case .build = processor.source else { return [:] }
        var wanted = only.map { platforms.intersection([$0]) } ?? platforms
        if pushes {
            do throws(Failure) {
                wanted.subtract(try await operations.known(processor).keys)
            } catch {
                log.add(processor.ref, .build, .failed(error))
                throw error
            }
        }
        guard !wanted.isEmpty else { return [:] }
        let outcomes = await operations.build(processor, for: wanted.sorted())
        // A context that can't be packed is no failure of one platform, and has not been told.
        for outcome in outcomes where outcome.platform == nil {
            if let failure = outcome.failure { log.add(processor.ref, .build, .failed(failure)) }
        }
        try Self.check(outcomes)
        return Dictionary(
            outcomes.compactMap { outcome in
                outcome.platform.flatMap { platform in outcome.image.map { (platform, $0) } }
            }
        ) { first, _ in first }
    }

    /// Fails as the first of them did.
    private static func check(_ outcomes: [ImageOutcome]) throws(Failure) {
        if let failure = outcomes.lazy.compactMap(\.failure).first { throw failure }
    }

    private func test(
        _ processor: DesiredProcessor, _ step: RunEvent.Step, _ log: EventLog,
        _ body: () async throws(Failure) -> String
    ) async throws(Failure) {
        log.add(processor.ref, step, .started)
        do throws(Failure) {
            log.add(processor.ref, step, .finished(try await body()))
        } catch {
            log.add(processor.ref, step, .failed(error))
            throw error
        }
    }

    /// What runs: what was built here, else what is pinned or tracked.
    private func request(
        _ processor: DesiredProcessor, _ built: [Platform: ImageReference], _ purpose: String,
        _ operations: ImageOperations
    ) async throws(Failure) -> SmokeRequest {
        let platform = Platform.host
        var build: String?
        var image = built[platform]
        if let image { build = try await session.engine.imageID(of: image) }
        if image == nil {
            image = (pins[processor.ref] ?? processor.pins)[platform]
            if image == nil || steps.contains(where: { $0.kind == .pin }) {
                image = try await operations.known(processor)[platform]
            }
        }
        guard let image else {
            throw Failure(
                .imageUnpinned, "\(processor.ref) has no image for \(platform.oci)",
                remedy: "Let the lane build it: build: {platforms: [host]}")
        }
        return SmokeRequest(
            processor: processor.processor, image: image, platform: platform,
            executionID: "lane-\(session.run)-\(purpose)-\(processor.ref.refSlug)", build: build)
    }
}
