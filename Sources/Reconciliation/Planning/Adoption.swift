package import DeploymentModel

/// What runs on Modal and was deployed without Pinion, or before there was a record of it, held against what is desired.
/// Pure.
package struct Adoption: Hashable, Sendable, Codable {
    /// An app that can be taken over.
    package struct Item: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        package let app: String
        /// Its live version, when that was deployed (RFC 3339), and by whom.
        package let version: Int
        package let since: String?
        package let by: String?
        /// What its tags say that it runs.
        package let digest: Digest?
        /// What the environment wants.
        package let desired: Digest
        /// Why the next plan deploys it anew, one clause each; none where what runs is what is desired.
        package let differences: [String]
        /// Claims that all is as desired but for one thing that nobody can see yet: whether the image that runs is that of
        /// the digest. Modal tells when it is asked to make the image of it.
        package let isUnproven: Bool
        /// The tests that it has to pass before it is recorded as applied.
        package let tests: [RunEvent.Step]

        /// Claims that what runs is seen to be what is desired.
        package var isMatch: Bool { differences.isEmpty && !isUnproven }
    }

    package struct Omission: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        package let reason: String
    }

    package let environment: String
    package let commit: String
    /// By ref.
    package private(set) var items: [Item] = []
    package private(set) var omissions: [Omission] = []
    private var plan: Plan
    private var unmatched: [RefRecord] = []
    /// What is unproven, as a deploy of it would be planned.
    package private(set) var unproven: [PlanItem] = []

    /// - Parameters:
    ///   - plan: of these two values.
    ///   - desired: on Modal.
    package init(_ plan: Plan, _ desired: DesiredState, _ observed: ObservedState) {
        environment = desired.environment
        commit = desired.commit
        self.plan = plan
        let planned = Dictionary(plan.items.map { ($0.ref, $0) }) { first, _ in first }
        let blocked = Dictionary(plan.blocked.map { ($0.ref, $0.failure) }) { first, _ in first }
        for processor in desired.processors.sorted(by: { $0.ref < $1.ref }) {
            let ref = processor.ref
            func leaveOut(_ reason: String) { omissions.append(Omission(ref: ref, reason: reason)) }
            guard let name = processor.function, let app = observed.functions?.apps[name.app] else {
                leaveOut("it is not deployed")
                continue
            }
            guard observed.records[ref]?.binding == nil else {
                leaveOut("it is recorded already")
                continue
            }
            if let failure = blocked[ref] {
                leaveOut(failure.message)
                continue
            }
            guard let item = planned[ref], let image = item.images[.amd64], let digest = image.digest,
                item.builds.isEmpty
            else {
                leaveOut("no image of it is known: pinion push \(ref)")
                continue
            }
            guard item.pin == nil || plan.pinMode == .record else {
                leaveOut("its image is not pinned: pinion pin \(ref)")
                continue
            }
            let isUnproven = Self.isUnproven(processor, name, image, app, observed)
            let isMatch = item.deploy == nil
            items.append(
                Item(
                    ref: ref, app: app.name, version: app.version, since: app.deployedAt, by: app.deployedBy,
                    digest: app.digest, desired: digest, differences: isMatch || isUnproven ? [] : item.reasons,
                    isUnproven: isUnproven,
                    tests: isMatch || isUnproven ? item.steps.filter { $0 == .smoke || $0 == .probe } : []))
            if isUnproven { unproven.append(item) }
            if !isMatch { unmatched.append(Self.record(of: item, app, name, observed.records[ref])) }
        }
    }

    /// Claims that nothing differs, and that nobody has tied an image to the digest that its tags tell of.
    private static func isUnproven(
        _ processor: DesiredProcessor, _ name: FunctionName, _ image: ImageReference, _ app: ObservedApp,
        _ observed: ObservedState
    ) -> Bool {
        guard app.functions.contains(where: { $0.name == name.function && $0.boundImageID == nil }) else {
            return false
        }
        let secrets = MountedSecrets(
            of: processor.processor, in: observed.functions?.secrets ?? [], observed.secretChanges)
        let findings = FunctionComparison(
            processor.processor, name: name, image: image, secrets: secrets.mounted, app: app, recorded: nil
        ).findings()
        return findings.map(\.kind).filter(\.needsDeploy) == [.image]
    }

    /// What is known of an app that is not what is desired: which version of it runs, as it was seen.
    private static func record(
        of item: PlanItem, _ app: ObservedApp, _ name: FunctionName, _ previous: RefRecord?
    ) -> RefRecord {
        let function = app.functions.first { $0.name == name.function }
        return RefRecord(
            ref: item.ref,
            desired: RefRecord.Revision(
                commit: item.record.commit, specHash: item.record.specHash, pins: item.images, keys: item.record.keys),
            applied: nil,
            binding: RefRecord.Binding(
                name: app.name, platform: .amd64, imageID: function?.imageID ?? "", function: name.function,
                version: app.version),
            evidence: previous?.evidence ?? [], hold: item.record.hold)
    }

    /// What has to be done so that what matches is recorded as applied: tests, and the record. Nothing is deployed.
    package func matching(_ mark: RefRecord.Adoption) -> Plan {
        let matches = Set(items.filter(\.isMatch).map(\.ref))
        var plan = plan
        plan.items = plan.items.filter { matches.contains($0.ref) }.map { item in
            var item = item
            item.record.adoption = mark
            return item
        }
        plan.blocked = []
        return plan
    }

    /// The records of what does not match; the next plan deploys it.
    package func unmatched(_ mark: RefRecord.Adoption) -> [RefRecord] { unmatched.map { $0.adopted(mark) } }
}

extension RefRecord {
    /// The same, taken over.
    fileprivate func adopted(_ mark: Adoption) -> RefRecord {
        RefRecord(
            ref: ref, desired: desired, applied: applied, binding: binding, evidence: evidence, hold: hold,
            adoption: mark)
    }
}
