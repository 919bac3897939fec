package import DeploymentModel
package import HTTP
import JSON
import Synchronization

/// Runs processors in Docker containers of this host: each run in a fresh one, or in one that was started to stay.
///
/// A run in mode `mock` has no secret and no network: its container has its own loopback and nothing else, and this
/// process reaches it through the container's network namespace. Where that may not be entered (it takes
/// `CAP_SYS_ADMIN`, and the engine on this machine), the container is on an internal network instead; see `Isolation`.
package struct LocalAdapter: Adapter {
    /// Where runs take place.
    package enum Placement: Sendable {
        /// In a container of their own.
        case fresh
        /// In a container that runs already.
        case running(ObservedContainer)
        /// In a container that is kept for several runs in mode `mock`, cut off as a fresh one.
        case kept(KeptContainer)
    }

    package let kind = AdapterKind.local
    package let surroundings: RunSurroundings
    private let placement: Placement
    let engine: any ContainerEngine
    let client: HTTPClient
    /// The values of secrets by name; they go to the engine and nowhere else.
    let secrets: @Sendable ([String]) -> [String: String]
    /// Marks the containers that this process starts for a run.
    let mark: RunMark
    let isolations: [Isolation]

    /// - Parameters:
    ///   - secrets: reads the values of secrets by name, when a container is started and never before.
    ///   - isolations: how runs may be cut off, the best way first.
    package init(
        engine: any ContainerEngine, surroundings: RunSurroundings, mark: RunMark, placement: Placement = .fresh,
        client: HTTPClient = .shared, isolations: [Isolation] = Isolation.allCases,
        secrets: @escaping @Sendable ([String]) -> [String: String] = { _ in [:] }
    ) {
        self.engine = engine
        self.surroundings = surroundings
        self.mark = mark
        self.placement = placement
        self.client = client
        self.isolations = isolations
        self.secrets = secrets
    }

    package func defaultPlatform(of processor: Processor) -> Platform { .host }

    package func carryOut(
        _ run: AdmittedRun, report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> RunAnswer {
        guard case .processor(let processor) = run.target else {
            throw Failure(.functionNotFound, "\(run.invocation.ref) is no processor")
        }
        let values = run.secrets.isEmpty ? [:] : secrets(run.secrets)
        let filter = SecretFilter(values)
        do throws(Failure) {
            return try filter(try await carryOut(run, processor, values) { await report(filter($0)) })
        } catch { throw filter(error) }
    }

    private func carryOut(
        _ run: AdmittedRun, _ processor: Processor, _ values: [String: String],
        report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> RunAnswer {
        switch placement {
        case .running(let container):
            guard let port = container.hostPort else {
                throw Failure(
                    .health, "\(container.name) does not run",
                    remedy: "Start it: pinion localctl start --ref \(processor.ref)")
            }
            let expected: String?
            if let build = run.options.image {
                expected = build
            } else if let pin = processor.pins[run.invocation.platform] {
                expected = try await engine.imageID(of: pin)
            } else {
                expected = nil
            }
            guard container.imageID == expected else {
                throw Failure(
                    .registryMismatch, "\(container.name) runs another image than \(processor.ref) is pinned to",
                    remedy: "Start it anew: pinion localctl stop --ref \(processor.ref) && "
                        + "pinion localctl start --ref \(processor.ref)")
            }
            let placed = PlacedContainer(
                container: container,
                endpoint: ProcessorEndpoint(origin: "http://127.0.0.1:\(port)", api: processor.api),
                uploads: try await uploadsOnBridge(), isolation: nil, notes: [], isFresh: false)
            return try await answer(run, processor, placed, report)
        case .kept(let kept): return try await answer(run, processor, kept.placed, report)
        case .fresh:
            let start = try await start(of: processor, for: run, with: values)
            return try await withContainer(start) { placed throws(Failure) in
                try await answer(run, processor, placed, report)
            }
        }
    }

    /// Waits for health, runs, checks, and tells what was seen from outside.
    private func answer(
        _ run: AdmittedRun, _ processor: Processor, _ placed: PlacedContainer,
        _ report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> RunAnswer {
        let health = try await awaitHealth(of: placed, processor, on: run.invocation.platform)
        if let image = run.invocation.image, let claim = health.digest, !image.isMeant(by: claim) {
            throw Failure(.registryMismatch, "\(processor.ref) says that it runs \(claim), not \(image)")
        }
        let transport = transport(for: processor.api)
        let invoker = ProcessorInvoker(adapter: kind.rawValue, clock: surroundings.clock)
        guard let uploads = try placed.uploads() else {
            let checked = try await invoker.run(run.invocation, at: placed.endpoint, over: transport, report: report)
            return await told(checked, by: placed, ["the outputs are not checked: no address here can be reached"])
        }
        let isServing = Atomic(false)
        do throws(Failure) {
            return try await ArtifactReceiver.serving(
                at: uploads, for: run.invocation.declared.map(\.path), storingIn: run.stage
            ) { receiver throws(Failure) in
                isServing.store(true, ordering: .relaxed)
                let checked = try await invoker.run(
                    run.invocation, at: placed.endpoint, over: transport, receiver: receiver, report: report)
                return await told(checked, by: placed, [], received: receiver.received)
            }
        } catch {
            // An engine elsewhere, in a virtual machine perhaps, has a gateway that is no address of this host.
            guard !isServing.load(ordering: .relaxed) else { throw error }
            let checked = try await invoker.run(run.invocation, at: placed.endpoint, over: transport, report: report)
            return await told(checked, by: placed, ["the outputs are not checked: \(error.message)"])
        }
    }

    /// The answer with what was seen from outside, and with the container's last words where it is an error.
    private func told(
        _ checked: CheckedEnvelope, by placed: PlacedContainer, _ warnings: [String],
        received: ReceivedArtifacts? = nil
    ) async -> RunAnswer {
        var log: String?
        if !checked.envelope.isSuccess { log = await lastWords(of: placed.container.id, isFresh: placed.isFresh) }
        return RunAnswer(placed.told(checked, warnings), received: received, log: log)
    }

    func transport(for api: ProcessorAPI) -> any ProcessorTransport {
        switch api.transport {
        case .ws: WebSocketTransport(dialect: api.dialect == .request ? .request : .run)
        case .http: EventStreamTransport(client: client)
        }
    }

    /// Starts a container that is cut off and has no secrets, as for one run in mode `mock`, and keeps it as long as the
    /// body takes. A failure of the body gets the container's last words.
    ///
    /// - Parameter image: the engine's id of a local build.
    package func keeping<Value: Sendable>(
        _ processor: Processor, _ image: String, _ platform: Platform,
        _ body: @escaping @Sendable (LocalAdapter, KeptContainer) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let start = ContainerStart(
            processor: processor, image: image, imageID: image, platform: platform, environment: [:],
            isIsolated: true, world: surroundings.world.mount)
        return try await withContainer(start) { placed throws(Failure) in
            let kept = KeptContainer(placed: placed)
            let adapter = LocalAdapter(
                engine: engine, surroundings: surroundings, mark: mark, placement: .kept(kept), client: client,
                isolations: isolations)
            return try await body(adapter, kept)
        }
    }

    /// How long a processor may take to become healthy; an emulated one four times as long.
    static func patience(with processor: Processor, on platform: Platform) -> Duration {
        .seconds(processor.smoke.startupSeconds * (platform == .host ? 1 : 4))
    }

    /// Waits until a run's container is healthy.
    @discardableResult
    func awaitHealth(
        of placed: PlacedContainer, _ processor: Processor, on platform: Platform
    ) async throws(Failure) -> ProcessorHealth {
        try await HealthWait(client: client, clock: surroundings.clock).wait(
            for: placed.endpoint, atMost: Self.patience(with: processor, on: platform)
        ) { () async throws(Failure) in try await self.end(of: placed.container.id) }
    }

    /// How a container ended, `nil` while it runs.
    func end(of id: String) async throws(Failure) -> String? {
        switch try await engine.state(of: id) {
        case .running: nil
        case .exited(let code): "exited with code \(code)"
        case nil: "is gone"
        }
    }

    private func start(
        of processor: Processor, for run: AdmittedRun, with values: [String: String]
    ) async throws(Failure) -> ContainerStart {
        let platform = run.invocation.platform
        let (image, imageID) = try await image(of: processor, for: run)
        var environment = values
        environment["IMAGE_DIGEST"] = run.invocation.image?.description
        return ContainerStart(
            processor: processor, image: image, imageID: imageID, platform: platform, environment: environment,
            isIsolated: run.invocation.mode == .mock || run.options.isIsolated, world: surroundings.world.mount)
    }

    /// What runs: the caller's choice, else the pinned child digest of the platform; the engine has it afterwards.
    private func image(
        of processor: Processor, for run: AdmittedRun
    ) async throws(Failure) -> (image: String, id: String) {
        let platform = run.invocation.platform
        if let chosen = run.options.image, (try? ImageReference(chosen))?.digest == nil { return (chosen, chosen) }
        let image: ImageReference?
        do throws(GrammarError) {
            image = try run.options.image.map { text throws(GrammarError) in try ImageReference(text) }
        } catch { throw Failure(.inputs, error.description) }
        guard let image = image ?? processor.pins[platform] else {
            throw Failure(
                .imageUnpinned, "\(processor.ref) is not pinned for \(platform.oci)",
                remedy: "Pin it (pinion pin \(processor.ref)), or run the newest local build: --build")
        }
        return (image.description, try await engine.pull(image, platform: platform))
    }

    func uploadsOnBridge() async throws(Failure) -> @Sendable () throws(Failure) -> ArtifactReceiver.Place? {
        let address = try await engine.gatewayAddress()
        return { () throws(Failure) in address.map { .host($0) } }
    }
}
