package import DeploymentModel

/// What has to be done so that an environment becomes what it should be. A plain value; apply has no other input.
package struct Plan: Hashable, Sendable, Codable {
    /// The version of the JSON form.
    package static let format = "pinion.plan/1"

    package let format: String
    package let environment: String
    package let branch: String?
    package let commit: String
    package let snapshotID: String
    package let pinMode: PinMode
    /// What is to be done, by ref.
    package let items: [PlanItem]
    package let unchanged: [ProcessorRef]
    /// Refs that cannot be planned, and why.
    package let blocked: [Blocked]
    /// Things to know that need no action of Pinion's.
    package let notes: [String]

    package struct Blocked: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        package let failure: Failure
    }

    package var isEmpty: Bool { items.isEmpty && blocked.isEmpty }
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
    package let smoke: SmokeAction?
    package let deploy: DeployAction?
    /// The containers of this ref that were seen.
    package let containers: [ObservedContainer]
    /// Containers of this ref that are to be removed at the end.
    package let remove: [RemoveAction]
    /// What goes into the record besides images and evidence.
    package let record: RecordAction
}

/// Pins both platforms of a ref.
package struct PinAction: Hashable, Sendable, Codable {
    package let mode: PinMode
    package let specPath: String
    package let from: [Platform: ImageReference]
}

/// Runs the processor in mode `mock`, in a fresh container.
package struct SmokeAction: Hashable, Sendable, Codable {
    package let platform: Platform
}

/// Starts a container by its pinned digest.
package struct DeployAction: Hashable, Sendable, Codable {
    package let platform: Platform
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
}
