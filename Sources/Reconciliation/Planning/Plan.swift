package import DeploymentModel

/// What has to be done so that an environment becomes what it should be. A plain value; apply has no other input.
package struct Plan: Hashable, Sendable, Codable {
    /// The version of the JSON form.
    package static let format = "pinion.plan/1"

    package let format: String
    package let environment: String
    package let target: Target
    package let branch: String?
    package let commit: String
    package let snapshotID: String
    package let pinMode: PinMode
    /// How often each step is tried.
    package let retry: RetryRule
    /// The secrets that are written before anything is deployed.
    package let secrets: [SecretAction]
    /// What is to be done, by ref.
    package var items: [PlanItem]
    /// Apps that no spec asks for and that are to be stopped at the end.
    package let stops: [StopAction]
    package var unchanged: [ProcessorRef]
    /// Refs that cannot be planned, and why.
    package var blocked: [Blocked]
    /// Things to know that need no action of Pinion's.
    package let notes: [String]

    package struct Blocked: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        package let failure: Failure
    }

    package var isEmpty: Bool { !hasActions && blocked.isEmpty }

    /// The same without tests: what is deployed is recorded, and its evidence is left to a reconcile.
    package var untested: Plan {
        var plan = self
        plan.items = items.map { item in
            var item = item
            (item.smoke, item.probe, item.deployedSmoke) = (nil, nil, nil)
            return item
        }.filter { $0.deploy != nil || $0.rollover != nil || $0.record.previous?.binding != $0.record.binding }
        let kept = Set(plan.items.map(\.ref))
        plan.unchanged = (unchanged + items.map(\.ref).filter { !kept.contains($0) }).sorted()
        return plan
    }

    /// The same with other pins wanted than are deployed.
    package func desiring(_ pins: [Platform: ImageReference], of ref: ProcessorRef) -> Plan {
        var plan = self
        for index in plan.items.indices where plan.items[index].ref == ref {
            let record = plan.items[index].record
            let keys = record.previous?.desired.pins == pins ? record.previous?.desired.keys : nil
            plan.items[index].record.desired = RefRecord.Revision(
                commit: record.commit, specHash: record.specHash, pins: pins, keys: keys ?? [:])
        }
        return plan
    }

    /// Claims that there is something to apply.
    package var hasActions: Bool { !(items.isEmpty && secrets.isEmpty && stops.isEmpty) }
}

/// What is to be done for one ref, in this order.
package struct PlanItem: Hashable, Sendable, Codable {
    package let ref: ProcessorRef
    /// What the spec says, with the pins that it has now.
    package let processor: Processor
    /// Why, as clauses.
    package let reasons: [String]
    /// Each platform that needs a build.
    package let builds: [Platform]
    /// The images whose records give way to these builds.
    package let replaces: [Platform: ImageReference]
    /// How to build; there when `builds` has platforms.
    package let recipe: BuildRecipe?
    /// The images that are known already; those of `builds` come with the build.
    package let images: [Platform: ImageReference]
    package let pin: PinAction?
    /// The mock smoke in a container of its own, before anything is deployed.
    package var smoke: SmokeAction?
    /// The negative probe, in a container of its own.
    package var probe: SmokeAction?
    package let deploy: DeployAction?
    /// New containers for an app that is not deployed anew, or whose deployment makes no new version.
    package var rollover: RolloverAction?
    /// The mock smoke of what is deployed to Modal.
    package var deployedSmoke: SmokeAction?
    /// The containers of this ref that were seen.
    package let containers: [ObservedContainer]
    /// Containers of this ref that are to be removed at the end.
    package let remove: [RemoveAction]
    /// What goes into the record besides images and evidence.
    package var record: RecordAction
}

/// Pins both platforms of a ref.
package struct PinAction: Hashable, Sendable, Codable {
    package let mode: PinMode
    package let specPath: String
    package let from: [Platform: ImageReference]
}

/// Runs the processor in mode `mock`, or without its secrets as a probe.
package struct SmokeAction: Hashable, Sendable, Codable {
    package let platform: Platform
}

/// Starts a container by its pinned digest, or deploys the digest to Modal.
package struct DeployAction: Hashable, Sendable, Codable {
    package let platform: Platform
    package let reason: String
    /// `nil` for a container.
    package var function: FunctionAction?
}

/// What is deployed to Modal.
package struct FunctionAction: Hashable, Sendable, Codable {
    package let name: FunctionName
    /// The names of the secrets that it mounts.
    package let secrets: [String]
    /// The version that is live; `nil` when the app is not deployed.
    package let version: Int?
    /// Publishes though neither tags nor image differ.
    package let isForced: Bool
    /// Claims that the live version stays, with its containers; `nil` where a new one comes.
    package let keepsVersion: Bool?
}

/// Gives an app new containers of the version that is live.
package struct RolloverAction: Hashable, Sendable, Codable {
    package let name: FunctionName
    /// The secrets whose old values running containers may hold.
    package let secrets: [String]
}

/// Writes a secret.
package struct SecretAction: Hashable, Sendable, Codable {
    package let name: String
    package let change: SecretChange
}

/// Stops an app.
package struct StopAction: Hashable, Sendable, Codable {
    package let app: String
    package let reason: String
}

/// Stops and removes a container.
package struct RemoveAction: Hashable, Sendable, Codable {
    package let containerID: String
    package let name: String
    package let reason: String
}

/// Writes the ref's record.
package struct RecordAction: Hashable, Sendable, Codable {
    package let commit: String
    package let specHash: String
    package let keys: [Platform: InputKey]
    /// What runs already and is kept.
    package let binding: RefRecord.Binding?
    /// The record as it is, if there is one.
    package let previous: RefRecord?
    /// The rollback that stays in force; one that ends here is `nil`.
    package let hold: RefRecord.Hold?
    /// What the environment should run, where that is not what is deployed.
    package var desired: RefRecord.Revision?
    /// Who takes over what runs; `nil` where nobody does.
    package var adoption: RefRecord.Adoption?
}
