package import DeploymentModel

/// Looks at the world: records, OCI registry and containers.
package struct Observer: Sendable {
    private let store: any StateStore
    private let registry: any ImageRegistry
    private let known: KnownImages
    private let deployments: Deployments
    private let refreshesBases: Bool
    private let owner: ContainerOwner?

    /// What processors are deployed to.
    package enum Deployments: Sendable {
        /// - list: gives the containers, where somebody has begun to ask for them.
        case docker(any ContainerEngine, list: (@Sendable () async throws(Failure) -> [ObservedContainer])? = nil)
        /// - owner: who named an app; those of others are not looked at.
        /// - secrets: values to be synced; what that would do is asked, and nothing is written.
        case modal(any FunctionPlatform, owner: @Sendable (ObservedApp) -> AppOwner, secrets: [SecretValue])
    }

    /// - Parameters:
    ///   - refreshesBases: whether to ask if the tags that builds are based on have moved.
    ///   - owner: whose containers are looked at; `nil` for those that are nobody's.
    package init(
        store: any StateStore, registry: any ImageRegistry, deployments: Deployments, refreshesBases: Bool = false,
        owner: ContainerOwner? = nil
    ) {
        self.owner = owner
        self.store = store
        self.registry = registry
        known = KnownImages(store: store, registry: registry)
        self.deployments = deployments
        self.refreshesBases = refreshesBases
    }

    /// How many questions are under way at once.
    private static let width = 16

    /// What is there of what is desired. What cannot be seen of a single ref is in `failures`.
    ///
    /// - Throws: `Failure` when the records cannot be read, neither container engine nor Modal answers, or the task is
    ///   cancelled.
    package func observe(_ desired: DesiredState) async throws(Failure) -> ObservedState {
        var state = try await kept(of: desired)
        let (builds, records) = (state.builds, state.records)
        var open: [DesiredProcessor] = []
        let seen = state
        let containers = Dictionary(grouping: state.containers, by: \.ref)
        let answers = await desired.processors.mapped { processor -> Settled? in
            if refreshesBases { return nil }
            if let (image, id) = settled(processor, seen, containers[processor.ref] ?? []) {
                return .container(image, id)
            }
            return isSettled(processor, seen) ? .function : nil
        }
        for (processor, answer) in zip(desired.processors, answers) {
            switch answer {
            case .container(let image, let id): state.imageIDs[image] = id
            case .function: continue
            case nil: open.append(processor)
            }
        }
        await withTaskGroup(of: Seen.self) { group in
            var waiting = open[...]
            for processor in waiting.prefix(Self.width) {
                group.addTask { await look(processor, builds, records[processor.ref]) }
            }
            waiting = waiting.dropFirst(Self.width)
            for await seen in group {
                seen.enter(&state)
                if let next = waiting.popFirst() { group.addTask { await look(next, builds, records[next.ref]) } }
            }
        }
        // Who was not asked to the end has not failed.
        if Task.isCancelled { throw Failure(.timeout, "the look at \(desired.environment) was broken off") }
        return state
    }

    /// A processor about which nothing more has to be asked.
    private enum Settled {
        /// A container runs this image, which has this id.
        case container(ImageReference, String)
        case function
    }

    /// What records and engine know without being asked about single processors. The three have nothing to do with each
    /// other, and so none waits for the other.
    private func kept(of desired: DesiredState) async throws(Failure) -> ObservedState {
        var state = ObservedState()
        async let builds = Self.result { () async throws(Failure) in
            try await store.builds(desired.processors.flatMap(KnownImages.ids))
        }
        async let records = Self.result { () async throws(Failure) in
            try await store.records(of: desired.environment)
        }
        async let deployed = Self.result { () async throws(Failure) in try await look(desired) }
        state.builds = try await builds.get()
        state.records = try await records.get()
        let seen = try await deployed.get()
        state.containers = seen.containers.filter { $0.owner == owner }
        (state.functions, state.secretChanges) = (seen.functions, seen.changes)
        state.unnamedApps = seen.unnamed
        return state
    }

    private struct Deployed {
        var containers: [ObservedContainer] = []
        var functions: FunctionAudit?
        var unnamed: Set<String> = []
        var changes: [String: SecretChange] = [:]
    }

    private func look(_ desired: DesiredState) async throws(Failure) -> Deployed {
        switch deployments {
        case .docker(let engine, let list):
            guard let list else { return Deployed(containers: try await engine.containers()) }
            return Deployed(containers: try await list())
        case .modal(let platform, let owner, let secrets):
            async let changes = Self.result { () async throws(Failure) in
                secrets.isEmpty ? [:] : try await platform.syncSecrets(secrets, isCheck: true)
            }
            var audit = try await platform.audit(nil)
            let wanted = Set(desired.processors.compactMap(\.function?.app))
            audit.apps = audit.apps.filter { wanted.contains($0.key) || owner($0.value) != .others }
            let unnamed = Set(audit.apps.filter { owner($0.value) != .environment }.keys)
            return Deployed(functions: audit, unnamed: unnamed, changes: try await changes.get())
        }
    }

    /// Claims that nothing but what was seen already has to be asked about what is deployed to Modal: it is recorded with
    /// these very inputs, their builds are known, and nothing has to be deployed, for which the image would be needed.
    private func isSettled(_ processor: DesiredProcessor, _ state: ObservedState) -> Bool {
        guard let audit = state.functions, let name = processor.function, case .build(let recipe) = processor.source,
            let record = state.records[processor.ref], let applied = record.applied, applied.keys == recipe.keys,
            Self.hasBuilds(recipe, applied, state), let image = applied.pins[.amd64]
        else { return false }
        let secrets = MountedSecrets(of: processor.processor, in: audit.secrets, state.secretChanges)
        let findings = FunctionComparison(
            processor.processor, name: name, image: image, secrets: secrets.mounted, app: audit.apps[name.app],
            recorded: record.binding
        ).findings()
        return !findings.contains(where: \.kind.needsDeploy)
    }

    /// Claims that what is applied is what the builds of these inputs gave.
    private static func hasBuilds(
        _ recipe: BuildRecipe, _ applied: RefRecord.Revision, _ state: ObservedState
    ) -> Bool {
        recipe.keys.allSatisfy { platform, key in
            applied.pins[platform] != nil
                && state.builds[BuildRecord.ID(key, in: recipe.repository)]?.image == applied.pins[platform]
        }
    }

    /// `async let` does not carry typed errors, so they travel in values.
    @concurrent private static func result<Value: Sendable>(
        _ body: @Sendable () async throws(Failure) -> Value
    ) async -> Result<Value, Failure> {
        do throws(Failure) {
            return .success(try await body())
        } catch { return .failure(error) }
    }

    /// The image that a container runs which is recorded as tested with these very inputs and this spec. Nothing else has
    /// to be asked about it: a run without a change costs one look at the containers, however many processors there are.
    /// (That the OCI registry still has what is pinned is another question, and `verify-pins` asks it.)
    private func settled(
        _ processor: DesiredProcessor, _ state: ObservedState, _ containers: [ObservedContainer]
    ) -> (image: ImageReference, id: String)? {
        guard case .build(let recipe) = processor.source, let record = state.records[processor.ref],
            let applied = record.applied, let binding = record.binding, let image = applied.pins[binding.platform],
            applied.specHash == processor.processor.specHash, applied.keys == recipe.keys,
            Self.hasBuilds(recipe, applied, state)
        else { return nil }
        let runs = containers.contains {
            $0.isRunning && $0.imageID == binding.imageID && $0.specHash == applied.specHash
        }
        return runs ? (image, binding.imageID) : nil
    }

    private struct Seen: Sendable {
        let ref: ProcessorRef
        var failure: Failure?
        var builds: [BuildRecord] = []
        var missing: [ImageReference] = []
        var movedBases: [BuildRecord.ID: [ImageReference]] = [:]
        var tracked: (tag: ImageReference, images: [Platform: ImageReference])?
        var imageIDs: [ImageReference: String] = [:]

        /// Nothing, where there is no engine.
        mutating func askEngine(for images: [ImageReference], _ deployments: Deployments) async throws(Failure) {
            guard case .docker(let engine, _) = deployments else { return }
            for image in Set(images) where imageIDs[image] == nil {
                if let id = try await engine.imageID(of: image) { imageIDs[image] = id }
            }
        }

        func enter(_ state: inout ObservedState) {
            if let failure { state.failures[ref] = failure }
            for build in builds { state.builds[build.id] = build }
            state.missingImages.formUnion(missing)
            state.movedBases.merge(movedBases) { first, _ in first }
            if let tracked { state.tracked[tracked.tag] = tracked.images }
            state.imageIDs.merge(imageIDs) { first, _ in first }
        }
    }

    private func look(
        _ processor: DesiredProcessor, _ builds: [BuildRecord.ID: BuildRecord], _ record: RefRecord?
    ) async -> Seen {
        var seen = Seen(ref: processor.ref)
        do throws(Failure) {
            // What is recorded may well run, though something else is wanted by now.
            try await seen.askEngine(for: record?.desired.pins.values.map(\.self) ?? [], deployments)
            var images: [ImageReference] = []
            switch processor.source {
            case .build(let recipe):
                seen.builds = try await known.contentTags(processor.ref, recipe, besides: builds)
                let records = KnownImages.ids(processor).compactMap { builds[$0] }
                let known = records.map(\.image)
                for image in known where !(try await registry.contains(image)) { seen.missing.append(image) }
                images = known + seen.builds.map(\.image)
                if refreshesBases {
                    for record in records {
                        let moved = try await movedBases(of: record)
                        if !moved.isEmpty { seen.movedBases[record.id] = moved }
                    }
                }
            case .track(let tag):
                let children = try await registry.platforms(of: tag)
                seen.tracked = (tag, children)
                images = Array(children.values)
            case .pinned: images = Array(processor.pins.values)
            case .recorded(let revision): images = Array(revision.pins.values)
            }
            try await seen.askEngine(for: images, deployments)
        } catch { seen.failure = error }
        return seen
    }

    /// The base images of a build whose tags stand for something else by now.
    private func movedBases(of record: BuildRecord) async throws(Failure) -> [ImageReference] {
        var moved: [ImageReference] = []
        for base in record.bases ?? [] {
            guard let tag = base.tag, let now = try await registry.digest(of: base.tagged(tag)), now != base.digest
            else { continue }
            moved.append(base.tagged(tag))
        }
        return moved
    }
}
