import DeploymentModel

extension Planner {
    /// Puts what has to be done on Modal into the draft of an item.
    ///
    /// - Throws: `Failure` with `ERR_MISSING_SECRET` that names every required secret that is not there.
    func place(_ draft: inout Draft, as name: FunctionName) throws(Failure) {
        let processor = draft.processor.processor
        let audit = observed.functions ?? FunctionAudit()
        let secrets = MountedSecrets(of: processor, in: audit.secrets, observed.secretChanges)
        try secrets.check(processor.ref, environment: desired.environment)
        let app = audit.apps[name.app]
        let findings =
            draft.image.map {
                FunctionComparison(
                    processor, name: name, image: $0, secrets: secrets.mounted, app: app,
                    recorded: draft.previous?.binding
                ).findings()
            } ?? []
        let faults = findings.filter(\.kind.needsDeploy)
        if draft.image == nil || !faults.isEmpty {
            // Nothing else of these is new on Modal, so neither are version and containers.
            let keepsVersion = draft.image != nil && faults.allSatisfy { $0.kind == .scaling || $0.kind == .image }
            draft.deploy = DeployAction(
                platform: platform, reason: faults.first?.clause ?? "another image comes",
                function: FunctionAction(
                    name: name, secrets: secrets.mounted, version: app?.version,
                    isForced: app != nil && faults.contains(where: \.kind.isHidden),
                    keepsVersion: keepsVersion ? true : nil))
            if draft.isBuilt { draft.reasons += faults.map(\.clause) }
            if keepsVersion, let app { rollOver(&draft, app, name, secrets.mounted) }
        } else if let app {
            rollOver(&draft, app, name, secrets.mounted)
            draft.reasons += findings.filter { $0.kind == .version }.map(\.clause)
            draft.binding = app.functions.first { $0.name == name.function }.map {
                RefRecord.Binding(
                    name: name.app, platform: platform, imageID: $0.imageID, function: name.function,
                    version: app.version)
            }
        }
        draft.wantSmoke()
        if !processor.secrets.required.isEmpty, !draft.hasEvidence(adapter: "local", mode: Evidence.probe) {
            draft.probe = SmokeAction(platform: platform)
            if draft.deploy == nil { draft.reasons.append("it has not been seen to refuse without its secrets") }
        }
        let isTested = draft.hasEvidence(adapter: "modal", mode: "mock")
        if draft.deploy != nil || draft.rollover != nil || !isTested {
            draft.deployedSmoke = SmokeAction(platform: platform)
            if draft.deploy == nil, !isTested { draft.reasons.append("what is deployed has not passed its mock smoke") }
        }
    }

    /// Asks for new containers where those that there are may hold old values.
    private func rollOver(_ draft: inout Draft, _ app: ObservedApp, _ name: FunctionName, _ mounted: [String]) {
        let rotated = mounted.filter { observed.secretChanges[$0] == .rotated }
        let stale = Set(app.staleSecrets).union(rotated).sorted()
        guard !stale.isEmpty else { return }
        draft.rollover = RolloverAction(name: name, secrets: stale)
        draft.reasons.append("\(stale.joined(separator: ", ")) changed since its containers came")
    }

    /// Optional secrets that are not there, of what is deployed: what needs them will not get them.
    func missingOptionalSecrets(of items: [PlanItem]) -> [String] {
        guard let audit = observed.functions else { return [] }
        return items.filter { $0.deploy != nil }.compactMap { item in
            let missing = MountedSecrets(of: item.processor, in: audit.secrets, observed.secretChanges).withheld
            return missing.isEmpty
                ? nil : "\(item.ref) runs without \(missing.joined(separator: ", ")): optional, and not there"
        }
    }
}
