package import ContentCache
package import DeploymentModel
package import Git
import JSON

/// Turns a catalog into what an environment should be.
package struct DesiredStateReader: Sendable {
    private let catalog: Catalog
    private let repository: GitRepository
    private let environment: EnvironmentSpec
    private let names: AppNaming?
    private let cache: CacheFolder?
    private let prepared: PreparedBuilds?

    /// - Parameters:
    ///   - names: where the environment's target is Modal.
    ///   - cache: spares looking into builds that an earlier run has looked into. A commit that lies in git alone is for it.
    ///   - prepared: what the cache has, where somebody has begun to read it.
    package init(
        _ catalog: Catalog, in repository: GitRepository, environment: EnvironmentSpec, names: AppNaming? = nil,
        cache: CacheFolder? = nil, prepared: PreparedBuilds? = nil
    ) {
        self.cache = cache
        self.prepared = prepared
        self.catalog = catalog
        self.repository = repository
        self.environment = environment
        self.names = names
    }

    /// What is desired, and what stands in the way for single refs.
    ///
    /// - Parameters:
    ///   - pinned: the pins that are in effect by path of the spec, where they are not those of the specs.
    ///   - records: those of the environment: what was promoted to it, and what a rollback keeps where it is.
    /// - Throws: `Failure` when the registry as a whole cannot be hashed.
    package func read(
        branch: String?, pins: PinMode, pinned: [String: [Platform: ImageReference]]? = nil,
        records: [ProcessorRef: RefRecord] = [:]
    ) async throws(Failure) -> (
        state: DesiredState, diagnostics: [Diagnostic]
    ) {
        if environment.promotesFrom != nil { return try await promoted(records) }
        var processors: [DesiredProcessor] = []
        var diagnostics: [Diagnostic] = []
        let specs = catalog.processors.filter(\.isEnabled)
        var earlier: KnownBuilds?
        if let cache { earlier = await (prepared ?? PreparedBuilds(of: repository, in: cache)).known.value }
        let known = await earlier?.carried(to: catalog.commit.id, in: repository) ?? [:]
        let unknown = specs.count { $0.build != nil && $0.image.track == nil && known[$0.path] == nil }
        if unknown > GitRepository.fewLookups {
            do throws(GitError) { _ = try await repository.listing(of: catalog.commit.id) } catch {
                throw Failure(.git, error.message)
            }
        }
        let results = await specs.mapped { spec -> Result<(DesiredProcessor, KnownBuild?), Failure> in
            do throws(Failure) {
                return .success(try await processor(spec, pinned?[spec.path], known[spec.path]))
            } catch { return .failure(error) }
        }
        if let cache, known.isEmpty || unknown > CacheFolder.fewReadAgain {
            let builds = zip(specs, results).map { ($0.path, try? $1.get().1) }
            KnownBuilds(
                commit: catalog.commit.id,
                builds: Dictionary(builds.compactMap { path, build in build.map { (path, $0) } }) { first, _ in first }
            ).store(of: repository, in: cache)
        }
        for (spec, result) in zip(specs, results) {
            do throws(Failure) {
                let (processor, build) = try result.get()
                let findings = build?.diagnostics ?? []
                diagnostics += findings
                if !findings.contains(where: { $0.severity == .error }) { processors.append(processor) }
            } catch {
                let span = spec.places["build.dockerfile"] ?? spec.places["build.context"] ?? spec.places["ref"]
                diagnostics.append(
                    Diagnostic(.error, error.code, error.message, file: spec.path, at: span, fix: error.remedy))
            }
        }
        try await keepHeld(&processors, records)
        do throws(JSONError) {
            let snapshotID = try catalog.snapshotID().description
            let state = DesiredState(
                environment: environment.name, target: environment.target, branch: branch,
                commit: catalog.commit.id.hex, snapshotID: snapshotID,
                pinMode: pins, processors: processors,
                isComplete: !catalog.hasErrors && !diagnostics.contains { $0.severity == .error },
                retry: RetryRule(catalog.policy))
            return (state, diagnostics)
        } catch { throw Failure(.spec, error.message) }
    }

    /// What an environment wants that has no branch: what was promoted to it.
    private func promoted(
        _ records: [ProcessorRef: RefRecord]
    ) async throws(Failure) -> (state: DesiredState, diagnostics: [Diagnostic]) {
        let held = Set(records.values.filter { $0.hold != nil }.map(\.ref))
        let (processors, failures) = await RecordedProcessors(in: repository, names: names).read(
            records.mapValues(\.desired), held: held)
        if let failure = failures.sorted(by: { $0.key < $1.key }).first?.value { throw failure }
        try names?.check(processors.map(\.ref))
        do throws(JSONError) {
            let state = DesiredState(
                environment: environment.name, target: environment.target, branch: nil, commit: catalog.commit.id.hex,
                snapshotID: try catalog.snapshotID().description, pinMode: .record, processors: processors,
                retry: RetryRule(catalog.policy))
            return (state, [])
        } catch { throw Failure(.spec, error.message) }
    }

    /// Puts what a rollback keeps in the place of what the branch asks for, as long as that is what was rolled back from.
    private func keepHeld(
        _ processors: inout [DesiredProcessor], _ records: [ProcessorRef: RefRecord]
    ) async throws(Failure) {
        var kept: [ProcessorRef: RefRecord.Revision] = [:]
        for processor in processors {
            guard let record = records[processor.ref], let hold = record.hold else { continue }
            let keys: [Platform: InputKey] = if case .build(let recipe) = processor.source { recipe.keys } else { [:] }
            let wanted = RefRecord.Revision(
                commit: catalog.commit.id.hex, specHash: processor.processor.specHash, pins: processor.pins, keys: keys)
            if hold.keepsAway(wanted) { kept[processor.ref] = record.desired }
        }
        guard !kept.isEmpty else { return }
        let (held, failures) = await RecordedProcessors(in: repository, names: names).read(kept, held: Set(kept.keys))
        if let failure = failures.sorted(by: { $0.key < $1.key }).first?.value { throw failure }
        processors = processors.filter { kept[$0.ref] == nil } + held
    }

    private func processor(
        _ spec: ProcessorSpec, _ pinned: [Platform: ImageReference]?, _ known: KnownBuild?
    ) async throws(Failure) -> (DesiredProcessor, KnownBuild?) {
        let build = try await build(of: spec, known)
        let source: ImageSource =
            if let build {
                .build(
                    BuildRecipe(
                        repository: try repository(of: spec), commit: catalog.commit.id.hex, context: build.context,
                        dockerfile: build.dockerfile, args: build.build.args, target: build.build.target,
                        keys: build.keys, options: spec.build?.options ?? BuildOptions()))
            } else if let track = spec.image.track {
                .track(track)
            } else { .pinned }
        let processor = DesiredProcessor(
            try spec.processor(pins: pinned), specPath: spec.path, source: source, function: names?.name(of: spec.ref))
        return (processor, build)
    }

    /// What its image is built from, with what is wrong with the Dockerfile; `nil` for one that is not built.
    private func build(of spec: ProcessorSpec, _ known: KnownBuild?) async throws(Failure) -> KnownBuild? {
        guard spec.image.track == nil, let build = spec.build else { return nil }
        if let known, known.isOf(build) { return known }
        return KnownBuild(
            try await BuildInputs(of: spec, build, at: catalog.commit.id, in: repository), of: spec, build)
    }

    private func repository(of spec: ProcessorSpec) throws(Failure) -> ImageReference {
        if let repository = spec.image.repository { return repository }
        return try environment.repository(for: spec.ref)
    }
}
