/// Tells which digest a build of some input key gave. Kept on `refs/pinion/builds`, one file per key and image repository:
/// processors of the same inputs, and environments with OCI registries of their own, have an image each.
package struct BuildRecord: Hashable, Sendable, Codable {
    /// What there is one record of.
    package struct ID: Hashable, Sendable {
        package let key: InputKey
        /// Where the image is, without tag and digest.
        package let repository: String

        package init(_ key: InputKey, in repository: ImageReference) {
            self.key = key
            self.repository = repository.repository
        }
    }

    package let key: InputKey
    package let ref: ProcessorRef
    package let platform: Platform
    /// `repository@sha256:…`, as the OCI registry answered for the pushed manifest.
    package let image: ImageReference
    /// The commit that was built.
    package let commit: String
    package let builder: String
    /// What its `FROM` lines resolved to, with tag and digest; `nil` when the builder did not tell.
    package let bases: [ImageReference]?

    package var id: ID { ID(key, in: image) }

    package init(
        key: InputKey, ref: ProcessorRef, platform: Platform, image: ImageReference, commit: String, builder: String,
        bases: [ImageReference]? = nil
    ) {
        self.key = key
        self.ref = ref
        self.platform = platform
        self.image = image
        self.commit = commit
        self.builder = builder
        self.bases = bases
    }
}

/// What is true of one ref in one environment. Kept on `refs/pinion/env/<env>`.
package struct RefRecord: Hashable, Sendable, Codable {
    package let ref: ProcessorRef
    /// What the environment should run.
    package let desired: Revision
    /// What it was last seen to run, tested; `nil` before the first success.
    package let applied: Revision?
    package let binding: Binding?
    package let evidence: [Evidence]

    package init(
        ref: ProcessorRef, desired: Revision, applied: Revision?, binding: Binding?, evidence: [Evidence]
    ) {
        self.ref = ref
        self.desired = desired
        self.applied = applied
        self.binding = binding
        self.evidence = evidence
    }

    /// The same with another binding.
    package func bound(to binding: Binding) -> RefRecord {
        RefRecord(ref: ref, desired: desired, applied: applied, binding: binding, evidence: evidence)
    }

    /// A spec and the images that belong to it.
    package struct Revision: Hashable, Sendable, Codable {
        /// The commit whose spec and sources these are.
        package let commit: String
        package let specHash: String
        package let pins: [Platform: ImageReference]
        package let keys: [Platform: InputKey]

        package init(
            commit: String, specHash: String, pins: [Platform: ImageReference], keys: [Platform: InputKey]
        ) {
            self.commit = commit
            self.specHash = specHash
            self.pins = pins
            self.keys = keys
        }

        /// Claims that both say the same, whichever commit it was read from.
        package func isSame(as other: Revision) -> Bool {
            specHash == other.specHash && pins == other.pins && keys == other.keys
        }
    }

    /// Claims that writing this record over the other would change a digest, a spec hash, a binding or a verdict.
    package func changes(_ other: RefRecord) -> Bool {
        let isApplied =
            switch (applied, other.applied) {
            case (let mine?, let theirs?): mine.isSame(as: theirs)
            case (nil, nil): true
            default: false
            }
        return
            !(desired.isSame(as: other.desired) && isApplied && binding == other.binding && evidence == other.evidence)
    }

    /// What runs, as it was seen from outside.
    package struct Binding: Hashable, Sendable, Codable {
        /// The container's name, or the app's.
        package let name: String
        package let platform: Platform
        /// The image id that the engine, or Modal, gave for the pinned digest.
        package let imageID: String
        /// The function of the app; `nil` for a container.
        package let function: String?
        /// The version of the app; `nil` for a container.
        package let version: Int?

        package init(
            name: String, platform: Platform, imageID: String, function: String? = nil, version: Int? = nil
        ) {
            self.name = name
            self.platform = platform
            self.imageID = imageID
            self.function = function
            self.version = version
        }

        /// The same at another version of the app.
        package func at(_ version: Int) -> Binding {
            Binding(name: name, platform: platform, imageID: imageID, function: function, version: version)
        }
    }
}

/// A test that was passed, bound to the digest that passed it.
package struct Evidence: Hashable, Sendable, Codable {
    /// The mode of the negative probe: real, without its secrets.
    package static let probe = "probe"

    package let digest: Digest
    package let platform: Platform
    package let specHash: String
    package let adapter: String
    /// `mock`, or `probe`.
    package let mode: String
    package let transport: ProcessorAPI.Transport

    package init(
        digest: Digest, platform: Platform, specHash: String, adapter: String, mode: String,
        transport: ProcessorAPI.Transport
    ) {
        self.digest = digest
        self.platform = platform
        self.specHash = specHash
        self.adapter = adapter
        self.mode = mode
        self.transport = transport
    }
}
