import Adapters
import ContentCache
import DeploymentModel
import Docker
import FoundationEssentials
import Git
import JSON
import OCI
import Records
import RegistryCatalog

/// What it takes to run processors: the registry with the pins in effect, the engine, the world.
struct RunSession {
    let catalog: Catalog
    let registry: RunnableRegistry
    private let repository: GitRepository
    private let itsEngine: Result<DockerEngine, Failure>
    let world: LocalWorld
    let environment: EnvironmentSpec
    /// Whose the containers are that are started to stay.
    let owner: ContainerOwner
    private let names: AppNaming?

    /// - Parameter target: what the environment has to run on; `nil` for anything.
    init(_ options: WorkspaceOptions, on target: Target? = nil) async throws(Failure) {
        let variables = ProcessInfo.processInfo.environment
        let source = try await RegistrySource(options, on: target)
        names = source.names
        catalog = source.catalog
        repository = source.references.repository
        environment = source.environment
        owner = source.owner
        registry = try source.catalog.runnable(pinned: try await source.pins(try await source.records()))
        do throws(Failure) {
            itsEngine = .success(try .ofUser())
        } catch { itsEngine = .failure(error) }
        world = try await LocalWorld(at: try Self.worldFolder(variables))
    }

    /// `$XDG_DATA_HOME/pinion/world`.
    ///
    /// - Throws: `Failure` with `ERR_SANDBOX` when neither it nor `HOME` says where. A relative path says nothing (XDG Base
    ///   Directory Specification).
    private static func worldFolder(_ variables: [String: String]) throws(Failure) -> String {
        if let data = variables["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/pinion/world" }
        guard let home = variables["HOME"], home.hasPrefix("/") else {
            throw Failure(.sandbox, "there is no place for the world", remedy: "Set XDG_DATA_HOME or HOME.")
        }
        return home + "/.local/share/pinion/world"
    }

    /// The engine, for what needs one.
    var engine: DockerEngine { get throws(Failure) { try itsEngine.get() } }

    var surroundings: RunSurroundings {
        RunSurroundings(world: world, isCI: ProcessInfo.processInfo.environment["CI"]?.isEmpty == false)
    }

    func localAdapter(_ placement: LocalAdapter.Placement = .fresh) throws(Failure) -> LocalAdapter {
        LocalAdapter(
            engine: try engine, surroundings: surroundings, mark: .ofThisProcess, placement: placement,
            secrets: Self.secretValues)
    }

    /// Runs a processor where it is deployed.
    func runOnModal(_ call: AnsweredRun.Call, _ run: RunOptions) async throws(Failure) -> InvocationResult {
        let choice = try run.adapterOptions()
        let ref: ProcessorRef
        do throws(GrammarError) {
            ref = try ProcessorRef(run.ref)
        } catch { throw Failure(.inputs, error.description) }
        let processor = try processor(ref)
        guard let names else { throw Failure(.functionNotFound, "\(environment.name) is not on Modal") }
        let modal = try await ModalAccess(environment, names: names, policy: catalog.policy)
        let adapter = modal.adapter(for: environment, surroundings)
        let inputs = run.inputs(call.inputs, standard: processor.smokeInputs)
        let isReal = inputs["mode"]?.stringValue == RunMode.real.rawValue
        return await adapter.invoke(
            processorRef: run.ref, inputsJSON: inputs, writePrefix: run.writePrefix, executionID: call.id,
            registrySnapshot: registry, adapterOptions: choice,
            secretsPresent: isReal ? try await adapter.secretsPresent(for: ref) : [], report: call.output.report)
    }

    /// The files that a tool runs from.
    func files(of tool: Tool) async throws(Failure) -> ToolFiles {
        try await ToolFiles(of: tool, at: catalog.commit, in: repository)
    }

    /// The names of a processor's or tool's secrets that this process has values of.
    func secretsPresent(for ref: String) -> [String] {
        let names: SecretNames? =
            switch try? RunnableRef(ref) {
            case .processor(let ref): registry.processors[ref]?.secrets
            case .tool(let id): registry.tools[id]?.secrets
            case nil: nil
            }
        return Self.secretValues((names?.required ?? []) + (names?.optional ?? [])).keys.sorted()
    }

    /// Reads values when a container is about to be started with them, and never before.
    static let secretValues: @Sendable ([String]) -> [String: String] = { names in
        let variables = ProcessInfo.processInfo.environment
        return Dictionary(names.compactMap { name in variables[name].map { (name, $0) } }) { first, _ in first }
            .filter { !$0.value.isEmpty }
    }

    func processor(_ ref: ProcessorRef) throws(Failure) -> Processor {
        guard let processor = registry.processors[ref] else {
            if let fault = catalog.fault(of: ref) {
                throw Failure(
                    .functionNotFound, "\(ref) has an error: \(fault.sentence)",
                    remedy: fault.fix ?? "See all: pinion validate")
            }
            throw Failure(
                .functionNotFound, "the registry has no \(ref) without errors",
                remedy: Suggestion.text(
                    for: ref.description, among: registry.processors.keys.sorted().map(\.description),
                    otherwise: "See what there is with: pinion validate"))
        }
        return processor
    }

    /// What a container that runs was meant to run, where that is not the pinned image: a local build, by its id.
    func localBuild(of container: ObservedContainer) -> String? {
        container.image?.contains("@") == true ? nil : container.imageID
    }

    /// The engine's id of the newest local build, by the time in its name.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_BUILD` when there is none.
    func newestBuild(of processor: Processor, _ platform: Platform) async throws(Failure) -> String {
        let own = catalog.processors.first { $0.ref == processor.ref }?.image.repository
        let repository = if let own { own } else { try environment.repository(for: processor.ref) }
        let engine = try engine
        let builds = try await engine.names(of: repository).compactMap { name in
            name.tag.flatMap { BuildTag($0) }.map { (name, $0) }
        }
        let newest = builds.filter { $0.1.platform == platform }.max { $0.1.stamp < $1.1.stamp }
        guard let newest, let id = try await engine.imageID(of: newest.0) else {
            throw Failure(
                .imageBuild, "there is no local build of \(processor.ref) for \(platform.oci)",
                remedy: "Build it: pinion build \(processor.ref) --platform \(platform), or --build=now")
        }
        return id
    }
}

extension DockerEngine {
    /// The engine that this process's environment names, with this user's log-ins.
    static func ofUser() throws(Failure) -> DockerEngine {
        let variables = ProcessInfo.processInfo.environment
        return DockerEngine(
            EngineClient(try EngineAddress.resolve(environment: variables)),
            credentials: try DockerCredentials.reading(environment: variables))
    }
}

extension RegistrySource {
    /// What is recorded of the environment.
    ///
    /// - Parameter seen: what this run has read, to be shared with its other stores.
    func records(_ seen: SeenRecords = SeenRecords()) async throws(Failure) -> [ProcessorRef: RefRecord] {
        let reader = Authorship(Identity(name: "Pinion", email: "pinion@localhost"))
        return try await GitStateStore(
            state, as: reader, app: names?.ownApp, cache: .ofUser(), seen: seen, time: { 0 }
        ).records(of: environment.name)
    }

    /// The pins that count, by ref, where they are not those of the specs.
    func pins(
        _ records: [ProcessorRef: RefRecord]
    ) async throws(Failure) -> [ProcessorRef: [Platform: ImageReference]] {
        if target.mode == .record {
            guard environment.promotesFrom == nil else { return records.mapValues(\.desired.pins) }
            // What nobody builds or tracks is pinned by its spec, wherever other pins go.
            let own = Set(catalog.processors.filter { $0.build == nil && $0.image.track == nil }.map(\.ref))
            return records.filter { !own.contains($0.key) }.mapValues(\.desired.pins)
        }
        guard let waiting = target.pins else { return [:] }
        return Dictionary(catalog.processors.compactMap { spec in waiting[spec.path].map { (spec.ref, $0) } }) {
            first, _ in first
        }
    }
}
