package import DeploymentModel

/// What of an environment is not as it should be: what is pinned, against what is recorded and what was seen. Pure.
package struct Drift: Hashable, Sendable, Codable {
    package let environment: String
    package let target: Target
    package let commit: String
    /// By ref, then kind.
    package private(set) var findings: [DriftFinding]
    /// What is wanted and was not brought up yet, so that there is nothing to compare: what is recorded of it counts.
    package private(set) var pending: [Pending]
    /// What could not be asked about, so that there is nothing to say but why.
    package private(set) var unseen: [Unseen]
    /// How many processors were looked at.
    package let processors: Int
    /// How many apps or containers there are.
    package let deployments: Int

    /// Something that waits for a reconcile. It is no drift: what runs is what it was last said to be.
    package struct Pending: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        /// What is missing, and what there is in its place.
        package let reason: String
    }

    /// A processor, and who did not answer about it.
    package struct Unseen: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        package let failure: Failure
    }

    package init(_ desired: DesiredState, _ observed: ObservedState) {
        environment = desired.environment
        target = desired.target
        commit = desired.commit
        processors = desired.processors.count
        deployments = observed.functions?.apps.count ?? observed.containers.count
        findings = []
        pending = []
        unseen = observed.failures.map { Unseen(ref: $0.key, failure: $0.value) }.sorted { $0.ref < $1.ref }
        let containers = Dictionary(grouping: observed.containers.filter(\.isRunning), by: \.ref)
        for processor in desired.processors.sorted(by: { $0.ref < $1.ref }) {
            findings += Self.findings(of: processor, desired, observed, containers[processor.ref] ?? [])
            if let reason = Self.pending(processor, desired, observed) {
                pending.append(Pending(ref: processor.ref, reason: reason))
            }
        }
        findings += Self.orphans(desired, observed).map(\.finding)
    }

    /// The same with more findings, such as those of a live check.
    package func adding(_ more: [DriftFinding]) -> Drift {
        var drift = self
        drift.findings += more
        return drift
    }

    /// Why what the branch has is not what is recorded: its inputs are others.
    private static func pending(
        _ processor: DesiredProcessor, _ desired: DesiredState, _ observed: ObservedState
    ) -> String? {
        guard observed.failures[processor.ref] == nil, case .build(let recipe) = processor.source,
            let record = observed.records[processor.ref], record.desired.keys != recipe.keys
        else { return nil }
        let missing = unbuilt(recipe, observed)
        let what =
            missing.isEmpty
            ? "are built and not brought up" : "have no build for \(missing.map(\.oci).joined(separator: ", "))"
        return "the inputs of \(desired.commit.prefix(7)) \(what); what is recorded is of "
            + "\(record.desired.commit.prefix(7))"
    }

    /// The platforms that no build of the inputs is recorded for.
    private static func unbuilt(_ recipe: BuildRecipe, _ observed: ObservedState) -> [Platform] {
        recipe.keys.filter { observed.builds[BuildRecord.ID($0.value, in: recipe.repository)] == nil }.keys.sorted()
    }

    private static func findings(
        of processor: DesiredProcessor, _ desired: DesiredState, _ observed: ObservedState,
        _ running: [ObservedContainer]
    ) -> [DriftFinding] {
        let record = observed.records[processor.ref]
        let recorded = record?.desired.pins ?? [:]
        // What nobody builds or tracks is pinned by its spec, wherever other pins go.
        let pins = desired.pinMode == .record && processor.source != .pinned ? recorded : processor.pins
        let platform: Platform = desired.target == .modal ? .amd64 : .host
        let place = processor.function?.app ?? processor.ref.refSlug
        guard let image = pins[platform] else {
            var isUnbuilt = false
            if observed.failures[processor.ref] == nil, case .build(let recipe) = processor.source {
                isUnbuilt = !unbuilt(recipe, observed).isEmpty
            }
            return [
                DriftFinding(
                    ref: processor.ref, app: place, kind: .pin, expected: "a digest for \(platform.oci)",
                    actual: "none is pinned\(isUnbuilt ? ": there is no build of its inputs" : "")")
            ]
        }
        var findings: [DriftFinding] = []
        if pins != recorded {
            findings.append(
                DriftFinding(
                    ref: processor.ref, app: place, kind: .pin, expected: text(pins),
                    actual: "recorded: \(text(recorded))"))
        }
        guard let name = processor.function else {
            return findings + containers(of: processor, image, observed, running)
        }
        let audit = observed.functions ?? FunctionAudit()
        let secrets = MountedSecrets(of: processor.processor, in: audit.secrets, observed.secretChanges)
        for secret in secrets.missing {
            findings.append(
                DriftFinding(
                    ref: processor.ref, app: place, kind: .missingSecret, expected: secret, actual: "not there"))
        }
        return findings
            + FunctionComparison(
                processor.processor, name: name, image: image, secrets: secrets.mounted, app: audit.apps[name.app],
                recorded: record?.binding
            ).findings()
    }

    private static func text(_ pins: [Platform: ImageReference]) -> String {
        let parts = pins.sorted { $0.key < $1.key }.map { "\($0) \($1.digest?.short ?? "")" }
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }

    private static func containers(
        of processor: DesiredProcessor, _ image: ImageReference, _ observed: ObservedState,
        _ running: [ObservedContainer]
    ) -> [DriftFinding] {
        let specHash = processor.processor.specHash
        let imageID = observed.imageIDs[image]
        guard !running.contains(where: { $0.imageID == imageID && $0.specHash == specHash }) else { return [] }
        func finding(_ kind: DriftFinding.Kind, _ expected: String, _ actual: String) -> DriftFinding {
            DriftFinding(
                ref: processor.ref, app: running.first?.name ?? processor.ref.refSlug, kind: kind, expected: expected,
                actual: actual)
        }
        guard !running.isEmpty else { return [finding(.missing, image.description, "not running")] }
        // An engine that was not asked has not lost it.
        guard imageID != nil || observed.failures[processor.ref] == nil else { return [] }
        guard let bound = running.first(where: { $0.imageID == imageID }) else {
            let actual = running.map { $0.image ?? $0.imageID }.joined(separator: ", ")
            let note = imageID == nil ? "; the engine no longer holds what is expected" : ""
            return [finding(.image, image.description, actual + note)]
        }
        return [finding(.spec, specHash, bound.specHash ?? "none")]
    }
}

extension Drift {
    /// Something that runs and that no spec asks for.
    struct Orphan: Hashable {
        let name: String
        /// Claims that Pinion deployed it for this environment, so that it may be stopped.
        let isOurs: Bool
        let note: String
        let finding: DriftFinding
    }

    /// Those of this environment. A spec that cannot be read may well ask for them, so then there are none.
    static func orphans(_ desired: DesiredState, _ observed: ObservedState) -> [Orphan] {
        guard desired.isComplete else { return [] }
        let wanted = Set(desired.processors.map(\.ref))
        let containers = observed.containers.filter { $0.isRunning && !wanted.contains($0.ref) }
            .sorted { $0.name < $1.name }
            .map { container in
                Orphan(
                    name: container.name, isOurs: false,
                    note: "\(container.ref) runs as \(container.name), but no spec asks for it",
                    finding: DriftFinding(
                        ref: container.ref, app: container.name, kind: .orphan, expected: "nothing",
                        actual: "it runs, and no spec asks for it"))
            }
        let names = Set(desired.processors.compactMap(\.function?.app))
        let apps = (observed.functions?.apps ?? [:]).values.filter { !names.contains($0.name) }
            .sorted { $0.name < $1.name }
        return containers
            + apps.compactMap { app in
                let isManaged = app.tags["managed-by"] == FunctionSpec.manager
                // What else is in the environment is no business of Pinion's.
                guard isManaged || app.functions.contains(where: { $0.name.hasPrefix("exec__") }) else { return nil }
                let ref = observed.records.values.first { $0.binding?.name == app.name }?.ref
                return Orphan(
                    name: app.name, isOurs: isManaged && !observed.unnamedApps.contains(app.name),
                    note: "the app \(app.name) is deployed, but no spec asks for it",
                    finding: DriftFinding(
                        ref: ref, app: app.name, kind: .orphan, expected: "nothing",
                        actual: "version \(app.version) is deployed, and no spec asks for it", since: app.deployedAt,
                        by: app.deployedBy))
            }
    }
}
