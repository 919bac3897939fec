package import DeploymentModel
package import JSON
package import YAML

/// A processor's spec as its file says it.
package struct ProcessorSpec: Sendable {
    package let ref: ProcessorRef
    /// The file's path in the repository.
    package let path: String
    /// `enabled: false` lists a processor but leaves it out of every plan.
    package let isEnabled: Bool
    package let image: ImageSpec
    package let build: BuildSpec?
    package let runtime: RuntimeLimits
    package let secrets: SecretNames
    package let api: ProcessorAPI
    /// The specs that it names by id, with the place where it does.
    package let references: [SpecReference]
    let contract: Deferred<ProcessorContract>
    let particulars: Deferred<SpecParticulars>
    /// The whole spec, for snapshots and hashes.
    let document: SpecDocument
    /// The hash of the spec, where it is known already.
    var knownHash: String?

    package var title: String? { particulars.value.title }
    package var summary: String? { particulars.value.summary }
    package var outputs: OutputsSpec { contract.value.outputs }
    /// The JSON Schema of its inputs.
    package var inputs: JSONValue? { contract.value.inputs }
    package var predicates: PredicatesSpec { contract.value.predicates }
    package var smoke: SmokeSpec { contract.value.smoke }
    /// Where single fields stand, by their path: `build.dockerfile`.
    package var places: [String: SourceSpan] { particulars.value.places }

    package var json: JSONValue { document.json }

    /// The inputs of its mock smoke test: its own, else the first example of the inputs' schema.
    package var smokeInputs: JSONValue { contract.value.smokeInputs }
}

/// What of a spec is for people alone.
struct SpecParticulars: Sendable {
    var title: String?
    var summary: String?
    let places: [String: SourceSpan]
}

/// The image part of a spec.
package struct ImageSpec: Sendable {
    /// What stands in the slots `image.platforms.<platform>`, pin or not.
    package var slots: [Platform: PinSlot] = [:]
    package var defaultPlatform: Platform?
    package var track: ImageReference?
    /// Overrides the repository that the environment would choose.
    package var repository: ImageReference?
    /// The older single pin, `image.oci`.
    package var single: PinSlot?

    /// The pins that are true pins.
    package var pins: [Platform: ImageReference] {
        var pins = slots.compactMapValues(\.pin)
        // The older spelling has a tag beside the digest; the digest alone counts.
        if slots.isEmpty, let image = single?.reference, let digest = image.digest {
            pins[defaultPlatform ?? .amd64] = image.pinned(to: digest)
        }
        return pins
    }
}

/// The value that stands where a pin belongs.
package struct PinSlot: Sendable {
    package let text: String
    package let span: SourceSpan

    package var reference: ImageReference? { try? ImageReference(text) }

    /// The pin, if it is one: `repository@sha256:…` without a tag. Placeholders and tags are none.
    package var pin: ImageReference? {
        guard let image = reference, image.digest != nil, image.tag == nil else { return nil }
        return image
    }

    /// Claims that the text says itself that the pin is still to come.
    package var isPlaceholder: Bool {
        let lower = text.lowercased()
        return lower.isEmpty || lower.hasPrefix("sha256:") || lower.hasPrefix("replace_")
            || lower.contains("placeholder")
            || lower.hasSuffix("@sha256:pending")
    }
}

/// The build part of a spec.
package struct BuildSpec: Sendable {
    /// As written: relative to the spec's folder (or, in older files, to the repository's root), or `//…` from the root.
    package var context = "."
    package var dockerfile = "Dockerfile"
    package var args: [String: String] = [:]
    package var target: String?
    /// What does not decide the image.
    package var options = BuildOptions()
}

/// A spec named by another.
package struct SpecReference: Sendable, Hashable {
    package let kind: SupportSpec.Kind
    package let id: SpecID
    package let span: SourceSpan
}
