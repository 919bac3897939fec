package import DeploymentModel

/// What a lane lets a plan do.
package struct PlanScope: Hashable, Sendable {
    /// The platforms that may be built.
    package var builds: Set<Platform> = []
    package var pins = false
    /// The mock smoke in a container of its own.
    package var smokes = false
    package var probes = false
    /// The mock smoke of what is deployed.
    package var smokesDeployed = false

    package init() {}
}

extension Plan {
    /// The same with what a lane lets it do alone. Tests that the lane does not have are left out; a ref that needs
    /// something else that it does not have cannot be planned.
    package func within(_ scope: PlanScope, lane: String) -> Plan {
        var kept: [PlanItem] = []
        var (unchanged, blocked) = (unchanged, blocked)
        for item in items {
            let platforms = item.builds.filter { !scope.builds.contains($0) }
            if !platforms.isEmpty {
                blocked.append(
                    Blocked(
                        ref: item.ref,
                        failure: Failure(
                            .imageUnpinned,
                            "\(item.ref) has to be built for \(platforms.map(\.oci).joined(separator: " and ")), which the lane '\(lane)' does not do",
                            remedy:
                                "Let another job build and push it first, or add the platform to the lane's 'build'."
                        )))
            } else if item.pin != nil, !scope.pins {
                blocked.append(
                    Blocked(
                        ref: item.ref,
                        failure: Failure(
                            .imageUnpinned, "\(item.ref) has to be pinned, which the lane '\(lane)' does not do",
                            remedy: "Pin it first (pinion pin \(item.ref)), or add 'pin' to the lane.")))
            } else if let item = item.within(scope) {
                kept.append(item)
            } else {
                unchanged.append(item.ref)
            }
        }
        var plan = self
        plan.items = kept
        plan.unchanged = unchanged.sorted()
        plan.blocked = blocked.sorted { $0.ref < $1.ref }
        return plan
    }
}

extension PlanItem {
    /// `nil` when a test was all that was to be done.
    fileprivate func within(_ scope: PlanScope) -> PlanItem? {
        var item = self
        if !scope.smokes { item.smoke = nil }
        if !scope.probes { item.probe = nil }
        if !scope.smokesDeployed { item.deployedSmoke = nil }
        return item.steps.isEmpty && !steps.isEmpty ? nil : item
    }
}
