import DeploymentModel

extension Executor {
    /// Works an item off: build, pin, smoke, probe, deploy, smoke what is deployed, remove.
    func apply(_ item: PlanItem) async -> ItemOutcome {
        var remaining = item.steps[...]
        var progress = ItemProgress(item)
        do {
            if !item.builds.isEmpty {
                progress.images.merge(try await build(item)) { _, built in built }
                remaining.removeFirst()
            }
            let revision = RefRecord.Revision(
                commit: item.record.commit, specHash: item.record.specHash, pins: progress.images,
                keys: item.record.keys)
            if let pin = item.pin {
                try await self.pin(item.ref, pin, progress.images, keys: item.record.keys)
                remaining.removeFirst()
            }
            progress.desired = item.record.desired ?? revision
            if let smoke = item.smoke {
                progress.add(try await test(item, smoke, progress.images))
                remaining.removeFirst()
            }
            if let probe = item.probe {
                progress.add(try await self.probe(item, probe, progress.images))
                remaining.removeFirst()
            }
            var deployed: String?
            if let deploy = item.deploy, let function = deploy.function {
                progress.binding = try await self.deploy(item, deploy, function, progress.images)
                remaining.removeFirst()
            } else if let deploy = item.deploy {
                let (container, imageID) = try await start(item, deploy, progress.images)
                deployed = container.id
                progress.binding = RefRecord.Binding(name: container.name, platform: deploy.platform, imageID: imageID)
                remaining.removeFirst()
            }
            if let rollover = item.rollover {
                // A new version has new containers already.
                if item.deploy == nil || progress.binding?.version == item.deploy?.function?.version {
                    progress.binding = try await self.rollOver(item, rollover, progress.binding)
                }
                remaining.removeFirst()
            }
            if let smoke = item.deployedSmoke, let name = progress.function {
                progress.add(try await test(item, smoke, progress.images, in: .modal(name)))
                remaining.removeFirst()
            }
            progress.applied = revision
            for stale in item.remove where stale.containerID != deployed {
                try await step(item.ref, .remove, isWhole: true) { () throws(Failure) -> ((), String) in
                    try await services.engine.remove(stale.containerID, graceSeconds: 10)
                    return ((), stale.name)
                }
            }
        } catch {
            // The failure itself is an event already; what comes after it is told once.
            if error.isInterruption {
                log.add(item.ref, remaining[remaining.startIndex], .interrupted(Array(remaining)))
            } else if remaining.count > 1 {
                log.add(item.ref, remaining[remaining.startIndex], .skipped(Array(remaining.dropFirst())))
            }
        }
        return ItemOutcome(record: progress.record)
    }

    private func pin(
        _ ref: ProcessorRef, _ action: PinAction, _ images: [Platform: ImageReference], keys: [Platform: InputKey]
    ) async throws(Failure) {
        try await step(ref, .pin, isWhole: true) { () throws(Failure) -> ((), String) in
            let digests = images.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.digest?.short ?? "")" }
                .joined(separator: ", ")
            // What is pinned by its spec alone may be of one platform: that goes into the record, and nowhere else.
            guard Set(images.keys) == Set(Platform.allCases) || (keys.isEmpty && action.mode == .record) else {
                throw Failure(.imageUnpinned, "pins come in pairs, and \(ref) has but \(digests)")
            }
            try await services.inspect(images) { log.add(ref, .pin, .warning($0)) }
            await services.tag(images, keys: keys) { log.add(ref, .pin, .warning($0)) }
            guard action.mode != .record else { return ((), "\(digests) in the record") }
            let commit = try await services.pins.commit(
                PinChange(ref: ref, specPath: action.specPath, pins: images, keys: keys, run: run))
            return ((), "\(digests) \(commit.text)")
        }
    }

    private func start(
        _ item: PlanItem, _ deploy: DeployAction, _ images: [Platform: ImageReference]
    ) async throws(Failure) -> (ObservedContainer, imageID: String) {
        try await step(item.ref, .deploy) { () throws(Failure) -> ((ObservedContainer, imageID: String), String) in
            guard let image = images[deploy.platform] else {
                throw Failure(.imageUnpinned, "\(item.ref) has no image for \(deploy.platform.oci)")
            }
            let imageID = try await services.engine.pull(image, platform: deploy.platform)
            if let running = try await running(item, imageID: imageID) {
                return ((running, imageID), "\(running.name) runs this image already")
            }
            let container = try await Shield.whole { () throws(Failure) in
                try await replace(item, image, deploy.platform, imageID: imageID)
            }
            return ((container, imageID), "\(container.name) on 127.0.0.1:\(container.hostPort ?? 0)")
        }
    }

    private func replace(
        _ item: PlanItem, _ image: ImageReference, _ platform: Platform, imageID: String
    ) async throws(Failure) -> ObservedContainer {
        let name = ContainerSpec.name(of: item.ref, imageID: imageID)
        // A container of the same image has the same name, or one that begins with it; it has to go before the new one
        // can come.
        for stale in item.remove where stale.name.hasPrefix(name) {
            try await services.engine.remove(stale.containerID, graceSeconds: 10)
        }
        let (container, isNew) = try await services.engine.start(
            ContainerSpec(
                name: name, processor: item.processor, image: image.description, platform: platform,
                environment: ["IMAGE_DIGEST": image.digest?.description ?? ""], owner: services.owner))
        do throws(Failure) {
            try await services.smoke.awaitHealth(of: container, processor: item.processor)
        } catch {
            // What was started for this run and failed is not left behind; what ran before keeps running, and so does what
            // another run started.
            if isNew { try? await services.engine.remove(container.id, graceSeconds: 1) }
            throw error
        }
        return container
    }

    /// A container that was seen to run this very image and spec, and still does: the plan could not know that a build
    /// would give the image that runs.
    private func running(_ item: PlanItem, imageID: String) async throws(Failure) -> ObservedContainer? {
        let candidates = item.containers.filter {
            $0.isRunning && $0.hostPort != nil && $0.imageID == imageID && $0.specHash == item.record.specHash
        }
        for candidate in candidates where try await services.engine.state(of: candidate.id) == .running {
            return candidate
        }
        return nil
    }

    private func test(
        _ item: PlanItem, _ smoke: SmokeAction, _ images: [Platform: ImageReference],
        in place: SmokeRequest.Place = .local
    ) async throws(Failure) -> Evidence {
        try await step(item.ref, .smoke) { () throws(Failure) -> (Evidence, String) in
            let (request, digest) = try request(item, smoke.platform, images, "smoke", place)
            let verdict = try await services.smoke.smoke(request) { text in log.add(item.ref, .smoke, .log(text)) }
            let transport = item.processor.api.transport
            let evidence = Evidence(
                digest: digest, platform: smoke.platform, specHash: item.record.specHash, adapter: place.adapter,
                mode: "mock", transport: transport, testedAt: now())
            let outputs = "\(verdict.outputs) output\(verdict.outputs == 1 ? "" : "s")"
            let events = verdict.events == 0 ? "" : ", \(verdict.events) events"
            let adapter = place == .local ? "" : "\(place.adapter), "
            return (evidence, "\(adapter)\(transport.rawValue), \(outputs)\(events)")
        }
    }

    private func probe(
        _ item: PlanItem, _ probe: SmokeAction, _ images: [Platform: ImageReference]
    ) async throws(Failure) -> Evidence {
        try await step(item.ref, .probe) { () throws(Failure) -> (Evidence, String) in
            let (request, digest) = try request(item, probe.platform, images, "probe", .local)
            try await services.smoke.probe(request)
            let evidence = Evidence(
                digest: digest, platform: probe.platform, specHash: item.record.specHash, adapter: "local",
                mode: Evidence.probe, transport: item.processor.api.transport, testedAt: now())
            return (evidence, "refuses to run without its secrets")
        }
    }

    private func request(
        _ item: PlanItem, _ platform: Platform, _ images: [Platform: ImageReference], _ purpose: String,
        _ place: SmokeRequest.Place
    ) throws(Failure) -> (SmokeRequest, Digest) {
        guard let image = images[platform], let digest = image.digest else {
            throw Failure(.imageUnpinned, "\(item.ref) has no image for \(platform.oci)")
        }
        let id = "\(purpose)-\(run)-\(item.ref.refSlug)"
        return (
            SmokeRequest(
                processor: item.processor, image: image, platform: platform, executionID: id, place: place), digest
        )
    }
}

extension SmokeRequest.Place {
    /// The adapter that evidence names.
    fileprivate var adapter: String {
        switch self {
        case .local: "local"
        case .modal: "modal"
        }
    }
}

/// How far an item came, and the record that follows from it.
private struct ItemProgress {
    private let item: PlanItem
    var images: [Platform: ImageReference]
    var desired: RefRecord.Revision?
    var applied: RefRecord.Revision?
    var binding: RefRecord.Binding?
    private var evidence: [Evidence] = []

    init(_ item: PlanItem) {
        self.item = item
        images = item.images
        binding = item.record.binding
    }

    /// The names of what is deployed to Modal.
    var function: FunctionName? {
        binding.flatMap { binding in
            binding.function.map { FunctionName(app: binding.name, function: $0) }
        }
    }

    mutating func add(_ evidence: Evidence) { self.evidence.append(evidence) }

    /// What was shown of these images and this spec, now and before.
    private var allEvidence: [Evidence] {
        let digests = Set(images.values.compactMap(\.digest))
        let earlier = (item.record.previous?.evidence ?? []).filter {
            digests.contains($0.digest) && $0.specHash == item.record.specHash
        }.filter { old in !evidence.contains { $0.isOfSameKind(as: old) } }
        return earlier + evidence
    }

    /// `nil` while nothing is certain enough to be written down.
    var record: RefRecord? {
        guard let desired else { return nil }
        let previous = item.record.previous
        guard let applied else {
            return RefRecord(
                ref: item.ref, desired: desired, applied: previous?.applied, binding: previous?.binding,
                evidence: (previous?.evidence ?? []) + evidence.filter { previous?.evidence.contains($0) != true },
                hold: item.record.hold, adoption: adoption)
        }
        return RefRecord(
            ref: item.ref, desired: desired, applied: applied, binding: binding ?? previous?.binding,
            evidence: allEvidence, hold: item.record.hold, adoption: adoption)
    }

    /// What was taken over stays so until something is deployed in its place.
    private var adoption: RefRecord.Adoption? {
        item.record.adoption ?? (item.deploy == nil ? item.record.previous?.adoption : nil)
    }
}

extension PlanItem {
    /// The steps in their order.
    package var steps: [RunEvent.Step] {
        var steps: [RunEvent.Step] = []
        if !builds.isEmpty { steps.append(.build) }
        if pin != nil { steps.append(.pin) }
        if smoke != nil { steps.append(.smoke) }
        if probe != nil { steps.append(.probe) }
        if deploy != nil { steps.append(.deploy) }
        if rollover != nil { steps.append(.rollover) }
        if deployedSmoke != nil { steps.append(.smoke) }
        if !remove.isEmpty { steps.append(.remove) }
        return steps
    }
}
