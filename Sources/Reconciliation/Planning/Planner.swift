package import DeploymentModel

/// Compares what should be with what is. Pure: the same two values always give the same plan.
package struct Planner: Sendable {
    let desired: DesiredState
    let observed: ObservedState
    let platform: Platform
    private let prunes: Bool
    /// The containers of each ref: there may be thousands.
    let containers: [ProcessorRef: [ObservedContainer]]

    /// - Parameters:
    ///   - platform: the platform that is deployed.
    ///   - prunes: whether apps that no spec asks for are to be stopped.
    package init(desired: DesiredState, observed: ObservedState, platform: Platform, prunes: Bool = false) {
        self.desired = desired
        self.observed = observed
        self.platform = platform
        self.prunes = prunes
        containers = Dictionary(grouping: observed.containers, by: \.ref)
    }

    package func plan() async -> Plan {
        var items: [PlanItem] = []
        var unchanged: [ProcessorRef] = []
        var blocked: [Plan.Blocked] = []
        let processors = desired.processors.sorted { $0.ref < $1.ref }
        let results = await processors.mapped { processor in Result { () throws(Failure) in try item(for: processor) } }
        for (processor, result) in zip(processors, results) {
            do throws(Failure) {
                if let item = try result.get() { items.append(item) } else { unchanged.append(processor.ref) }
            } catch {
                blocked.append(Plan.Blocked(ref: processor.ref, failure: error))
            }
        }
        let orphans = Drift.orphans(desired, observed)
        let stopped = prunes ? orphans.filter(\.isOurs) : []
        let secrets = observed.secretChanges.filter { $0.value != .unchanged }.sorted { $0.key < $1.key }
        return Plan(
            format: Plan.format, environment: desired.environment, target: desired.target, branch: desired.branch,
            commit: desired.commit, snapshotID: desired.snapshotID, pinMode: desired.pinMode, retry: desired.retry,
            secrets: secrets.map { SecretAction(name: $0.key, change: $0.value) }, items: items,
            stops: stopped.map { StopAction(app: $0.name, reason: "no spec asks for it") }, unchanged: unchanged,
            blocked: blocked,
            notes: holds() + missingOptionalSecrets(of: items) + orphans.filter { !stopped.contains($0) }.map(\.note))
    }

    /// The rollbacks that are in force, and those that end with this plan.
    private func holds() -> [String] {
        desired.processors.sorted { $0.ref < $1.ref }.compactMap { wanted in
            guard let hold = observed.records[wanted.ref]?.hold else { return nil }
            return wanted.isHeld
                ? "\(wanted.ref) is \(hold.sentence). Let it go: pinion hold release \(wanted.ref) --env "
                    + desired.environment
                : "\(wanted.ref) was \(hold.sentence), and that ends: another revision is wanted"
        }
    }

    private func item(for processor: DesiredProcessor) throws(Failure) -> PlanItem? {
        if let failure = observed.failures[processor.ref] { throw failure }
        var draft = try Draft(processor, self)
        if let name = processor.function {
            try place(&draft, as: name)
        } else {
            place(&draft)
        }
        return draft.item
    }

    /// Puts what has to be done with containers into the draft of an item.
    private func place(_ draft: inout Draft) {
        let processor = draft.processor
        let running = container(of: processor, image: draft.image)
        if running == nil {
            let reason = deployReason(processor, image: draft.image)
            draft.deploy = DeployAction(platform: platform, reason: reason)
            if draft.isBuilt { draft.reasons.append(reason) }
        }
        draft.wantSmoke()
        draft.containers = (containers[processor.ref] ?? []).sorted { $0.name < $1.name }
        draft.remove = draft.containers.filter { $0.id != running?.id }
            .map { RemoveAction(containerID: $0.id, name: $0.name, reason: "another container takes its place") }
        if draft.deploy == nil, !draft.remove.isEmpty {
            draft.reasons.append("a container of an earlier run is left over")
        }
        draft.binding = running.map {
            RefRecord.Binding(name: $0.name, platform: platform, imageID: $0.imageID)
        }
    }

    struct Sources {
        var images: [Platform: ImageReference]
        var missing: [Platform] = []
        /// Images of records that give way to new builds.
        var replaced: [Platform: ImageReference] = [:]
        var recipe: BuildRecipe?
    }

    /// The images that are known, and the platforms that have to be built.
    func images(
        of processor: DesiredProcessor, previous: RefRecord?, _ reasons: inout [String]
    ) throws(Failure) -> Sources {
        switch processor.source {
        case .build(let recipe):
            var images: [Platform: ImageReference] = [:]
            var missing: [Platform] = []
            var isGone = false
            var replaced: [Platform: ImageReference] = [:]
            var bases: [ImageReference] = []
            for (platform, key) in recipe.keys.sorted(by: { $0.key < $1.key }) {
                let id = BuildRecord.ID(key, in: recipe.repository)
                guard let image = observed.builds[id]?.image else {
                    missing.append(platform)
                    continue
                }
                if observed.missingImages.contains(image) {
                    missing.append(platform)
                    replaced[platform] = image
                    isGone = true
                } else if let moved = observed.movedBases[id] {
                    missing.append(platform)
                    replaced[platform] = image
                    bases += moved.filter { !bases.contains($0) }
                } else {
                    images[platform] = image
                }
            }
            if !missing.isEmpty {
                reasons.append(buildReason(recipe, previous: previous, isGone: isGone, movedBases: bases))
            }
            return Sources(images: images, missing: missing, replaced: replaced, recipe: missing.isEmpty ? nil : recipe)
        case .track(let tag):
            let images = observed.tracked[tag] ?? [:]
            try require(Platform.allCases, in: images) { platform in
                Failure(
                    .imagePlatform, "\(tag) has no image for \(platform.oci)",
                    remedy: "Track a tag that has both platforms, linux/amd64 and linux/arm64.")
            }
            return Sources(images: images)
        case .recorded(let revision):
            // It was a pair when it was promoted; Modal runs one of them.
            try require([platform], in: revision.pins) { platform in
                Failure(
                    .imageUnpinned, "the record of \(processor.ref) has no digest for \(platform.oci)",
                    remedy: "Promote it again.")
            }
            return Sources(images: revision.pins)
        case .pinned:
            // Modal runs one platform; the other one is nobody's business there.
            let wanted = desired.target == .modal ? [platform] : Platform.allCases
            try require(wanted, in: processor.pins) { platform in
                Failure(
                    .imageUnpinned, "image.platforms.\(platform) of \(processor.ref) is no digest",
                    remedy: "Pin it, or add 'build' or 'image.track' to \(processor.specPath).")
            }
            return Sources(images: processor.pins)
        }
    }

    private func require(
        _ platforms: [Platform], in images: [Platform: ImageReference], _ failure: (Platform) -> Failure
    ) throws(Failure) {
        for platform in platforms where images[platform] == nil { throw failure(platform) }
    }

    private func buildReason(
        _ recipe: BuildRecipe, previous: RefRecord?, isGone: Bool, movedBases: [ImageReference]
    ) -> String {
        if isGone { return "the OCI registry has lost its image" }
        if !movedBases.isEmpty {
            return "its base moved: \(movedBases.map(\.description).joined(separator: ", "))"
        }
        guard let previous, !previous.desired.keys.isEmpty else { return "never built" }
        return previous.desired.keys == recipe.keys
            ? "no build of it in \(recipe.repository.repository)"
            : "its inputs changed since \(previous.desired.commit.prefix(7))"
    }

    static func pinReason(_ from: [Platform: ImageReference], _ to: [Platform: ImageReference]) -> String {
        let changed = Platform.allCases.filter { from[$0] != to[$0] }
        let what = from.isEmpty ? "not pinned" : "pinned to another digest"
        return "\(what) (\(changed.map(\.rawValue).joined(separator: ", ")))"
    }

    /// The running container that has this very image and spec, as the engine says.
    private func container(of processor: DesiredProcessor, image: ImageReference?) -> ObservedContainer? {
        guard let image, let imageID = observed.imageIDs[image] else { return nil }
        return (containers[processor.ref] ?? []).filter {
            $0.isRunning && $0.hostPort != nil && $0.imageID == imageID
                && $0.specHash == processor.processor.specHash
        }.min { $0.name < $1.name }
    }

    private func deployReason(_ processor: DesiredProcessor, image: ImageReference?) -> String {
        let own = containers[processor.ref] ?? []
        guard !own.isEmpty else { return "not running" }
        guard own.contains(where: \.isRunning) else { return "its container has stopped" }
        let isForSpec = own.contains { $0.isRunning && $0.specHash == processor.processor.specHash }
        guard let image else { return isForSpec ? "unless the build gives the image that runs" : "its spec changed" }
        let imageID = observed.imageIDs[image]
        return own.contains { $0.isRunning && $0.imageID == imageID }
            ? "its spec changed" : "another image runs"
    }
}
