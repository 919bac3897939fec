package import DeploymentModel

/// Compares what should be with what is. Pure: the same two values always give the same plan.
package struct Planner {
    private let desired: DesiredState
    private let observed: ObservedState
    private let platform: Platform
    /// The containers of each ref: there may be thousands.
    private let containers: [ProcessorRef: [ObservedContainer]]

    /// - Parameter platform: the platform that containers are started for.
    package init(desired: DesiredState, observed: ObservedState, platform: Platform) {
        self.desired = desired
        self.observed = observed
        self.platform = platform
        containers = Dictionary(grouping: observed.containers, by: \.ref)
    }

    package func plan() -> Plan {
        var items: [PlanItem] = []
        var unchanged: [ProcessorRef] = []
        var blocked: [Plan.Blocked] = []
        for processor in desired.processors.sorted(by: { $0.ref < $1.ref }) {
            do throws(Failure) {
                if let failure = observed.failures[processor.ref] { throw failure }
                if let item = try item(for: processor) { items.append(item) } else { unchanged.append(processor.ref) }
            } catch {
                blocked.append(Plan.Blocked(ref: processor.ref, failure: error))
            }
        }
        return Plan(
            format: Plan.format, environment: desired.environment, branch: desired.branch, commit: desired.commit,
            snapshotID: desired.snapshotID, pinMode: desired.pinMode, items: items, unchanged: unchanged,
            blocked: blocked, notes: notes())
    }

    /// Containers of this environment that no spec asks for are told of, not touched. Those that its records don't know
    /// are somebody else's.
    private func notes() -> [String] {
        // A spec that cannot be read may well ask for them.
        guard desired.isComplete else { return [] }
        let wanted = Set(desired.processors.map(\.ref))
        return observed.containers.filter { !wanted.contains($0.ref) && observed.records[$0.ref] != nil }.sorted {
            $0.name < $1.name
        }
        .map { "\($0.ref) runs as \($0.name), but no spec asks for it" }
    }

    private func item(for processor: DesiredProcessor) throws(Failure) -> PlanItem? {
        var reasons: [String] = []
        let previous = observed.records[processor.ref]
        let sources = try images(of: processor, previous: previous, &reasons)

        let pins = desired.pinMode == .record ? previous?.desired.pins ?? [:] : processor.pins
        let isPinned = sources.missing.isEmpty && pins == sources.images
        var pin: PinAction?
        if !isPinned, !(processor.source == .pinned && desired.pinMode != .record) {
            pin = PinAction(mode: desired.pinMode, specPath: processor.specPath, from: pins)
            if sources.missing.isEmpty { reasons.append(Self.pinReason(pins, sources.images)) }
        }

        let running = container(of: processor, image: sources.images[platform])
        var deploy: DeployAction?
        if running == nil {
            let reason = deployReason(processor, image: sources.images[platform])
            deploy = DeployAction(platform: platform, reason: reason)
            if sources.missing.isEmpty { reasons.append(reason) }
        }

        var smoke: SmokeAction?
        if !hasEvidence(previous, processor, sources.images[platform]) {
            smoke = SmokeAction(platform: platform)
            if deploy == nil { reasons.append("its mock smoke has not been passed with this image and spec") }
        }

        let containers = (self.containers[processor.ref] ?? []).sorted { $0.name < $1.name }
        let remove = containers.filter { $0.id != running?.id }
            .map { RemoveAction(containerID: $0.id, name: $0.name, reason: "another container takes its place") }
        if deploy == nil, !remove.isEmpty { reasons.append("a container of an earlier run is left over") }

        let keys: [Platform: InputKey] = if case .build(let recipe) = processor.source { recipe.keys } else { [:] }
        let binding = running.map { RefRecord.Binding(name: $0.name, platform: platform, imageID: $0.imageID) }
        let record = RecordAction(
            commit: desired.commit, specHash: processor.processor.specHash, keys: keys, binding: binding,
            previous: previous)
        let revision = RefRecord.Revision(
            commit: desired.commit, specHash: processor.processor.specHash, pins: sources.images, keys: keys)
        let isRecorded =
            sources.missing.isEmpty && previous?.applied.map(revision.isSame) == true
            && previous.map { revision.isSame(as: $0.desired) && $0.binding == binding } == true
        if isRecorded, pin == nil, deploy == nil, smoke == nil, remove.isEmpty { return nil }
        if reasons.isEmpty { reasons.append("its record is not up to date") }
        return PlanItem(
            ref: processor.ref, processor: processor.processor, reasons: reasons, builds: sources.missing,
            replaces: sources.replaced,
            recipe: sources.recipe,
            images: sources.images, pin: pin, smoke: smoke, deploy: deploy, containers: containers, remove: remove,
            record: record)
    }

    private struct Sources {
        var images: [Platform: ImageReference]
        var missing: [Platform] = []
        /// Images of records that give way to new builds.
        var replaced: [Platform: ImageReference] = [:]
        var recipe: BuildRecipe?
    }

    /// The images that are known, and the platforms that have to be built.
    private func images(
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
            try requirePair(images) { platform in
                Failure(
                    .imagePlatform, "\(tag) has no image for \(platform.oci)",
                    remedy: "Track a tag that has both platforms, linux/amd64 and linux/arm64.")
            }
            return Sources(images: images)
        case .pinned:
            try requirePair(processor.pins) { platform in
                Failure(
                    .imageUnpinned, "image.platforms.\(platform) of \(processor.ref) is no digest",
                    remedy: "Pin it, or add 'build' or 'image.track' to \(processor.specPath).")
            }
            return Sources(images: processor.pins)
        }
    }

    private func requirePair(
        _ images: [Platform: ImageReference], _ failure: (Platform) -> Failure
    ) throws(Failure) {
        for platform in Platform.allCases where images[platform] == nil { throw failure(platform) }
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

    private static func pinReason(_ from: [Platform: ImageReference], _ to: [Platform: ImageReference]) -> String {
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
        let imageID = image.flatMap { observed.imageIDs[$0] }
        return own.contains { $0.isRunning && $0.imageID == imageID }
            ? "its spec changed" : "another image runs"
    }

    private func hasEvidence(_ record: RefRecord?, _ processor: DesiredProcessor, _ image: ImageReference?) -> Bool {
        record?.evidence.contains {
            $0.digest == image?.digest && $0.platform == platform && $0.specHash == processor.processor.specHash
                && $0.adapter == "local" && $0.mode == "mock"
        } == true
    }
}
