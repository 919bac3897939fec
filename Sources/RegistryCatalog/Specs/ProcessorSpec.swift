package import DeploymentModel
package import JSON
package import YAML

/// A processor's spec as its file says it.
package struct ProcessorSpec: Sendable {
    package let ref: ProcessorRef
    /// The file's path in the repository.
    package let path: String
    package let title: String?
    /// `enabled: false` lists a processor but leaves it out of every plan.
    package let isEnabled: Bool
    package let image: ImageSpec
    package let build: BuildSpec?
    package let runtime: RuntimeLimits
    package let secrets: SecretNames
    package let api: ProcessorAPI
    package let outputs: [DeclaredOutput]
    /// The JSON Schema of its inputs.
    package let inputs: JSONValue?
    package let smokeInputs: JSONValue
    /// How long its server may take to become healthy, in seconds.
    package let startupSeconds: Int
    /// The whole spec, for snapshots and hashes.
    package let json: JSONValue
}

/// The image part of a spec.
package struct ImageSpec: Sendable {
    /// What stands in the slots `image.platforms.<platform>`, pin or not.
    package let slots: [Platform: PinSlot]
    package let defaultPlatform: Platform?
    package let track: ImageReference?
    /// Overrides the repository that the environment would choose.
    package let repository: ImageReference?
}

/// The value that stands where a pin belongs.
package struct PinSlot: Sendable {
    package let text: String
    package let span: SourceSpan

    /// The pin, if it is one: `repository@sha256:…` without a tag. Placeholders and tags are none.
    package var pin: ImageReference? {
        guard let image = try? ImageReference(text), image.digest != nil, image.tag == nil else { return nil }
        return image
    }
}

/// The build part of a spec.
package struct BuildSpec: Sendable {
    /// As written: relative to the spec's folder, or `//…` from the repository's root.
    package let context: String
    package let dockerfile: String
    package let args: [String: String]
    package let target: String?
}
