/// Tells which digest a build of some input key gave. Kept on `refs/pinion/builds`, one file per key and image repository:
/// processors of the same inputs, and environments with OCI registries of their own, have an image each.
package struct BuildRecord: Hashable, Sendable, Codable {
    /// What there is one record of.
    package struct ID: Hashable, Sendable {
        package let key: InputKey
        /// Where the image is: the OCI registry and the path in it.
        package let registry: String
        package let path: String

        package init(_ key: InputKey, in repository: ImageReference) {
            self.key = key
            registry = repository.registry
            path = repository.path
        }

        package func hash(into hasher: inout Hasher) {
            // The same key in two repositories is rare.
            hasher.combine(key)
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
    /// Keeps the ref where a rollback put it; `nil` where nothing does.
    package let hold: Hold?
    /// Who took over what ran already; `nil` where Pinion deployed it.
    package let adoption: Adoption?

    package init(
        ref: ProcessorRef, desired: Revision, applied: Revision?, binding: Binding?, evidence: [Evidence],
        hold: Hold? = nil, adoption: Adoption? = nil
    ) {
        self.ref = ref
        self.desired = desired
        self.applied = applied
        self.binding = binding
        self.evidence = evidence
        self.hold = hold
        self.adoption = adoption
    }

    /// The taking over of something that was deployed without Pinion.
    package struct Adoption: Hashable, Sendable, Codable {
        package let by: String
        /// Seconds since 1970.
        package let since: Int

        package init(by: String, since: Int) {
            self.by = by
            self.since = since
        }
    }

    /// A rollback that is in force (contract "Environments, records and leases"). It ends when a revision of other inputs
    /// or another spec than those that were left behind is wanted, or by hand.
    package struct Hold: Hashable, Sendable, Codable {
        /// What was rolled back from.
        package let from: Revision
        package let by: String
        /// Seconds since 1970.
        package let since: Int
        package let reason: String?

        package init(from: Revision, by: String, since: Int, reason: String?) {
            self.from = from
            self.by = by
            self.since = since
            self.reason = reason
        }

        /// Claims that it keeps this revision away.
        package func keepsAway(_ revision: Revision) -> Bool {
            revision.specHash == from.specHash
                && (revision.keys.isEmpty || from.keys.isEmpty
                    ? revision.pins == from.pins : revision.keys == from.keys)
        }
    }

    /// The same with another binding.
    package func bound(to binding: Binding) -> RefRecord {
        RefRecord(
            ref: ref, desired: desired, applied: applied, binding: binding, evidence: evidence, hold: hold,
            adoption: adoption)
    }

    /// The same, meant to become another revision.
    package func wanting(_ revision: Revision, hold: Hold?) -> RefRecord {
        RefRecord(
            ref: ref, desired: revision, applied: applied, binding: binding, evidence: evidence, hold: hold,
            adoption: adoption)
    }

    /// The same with other evidence.
    package func proven(by evidence: [Evidence]) -> RefRecord {
        RefRecord(
            ref: ref, desired: desired, applied: applied, binding: binding, evidence: evidence, hold: hold,
            adoption: adoption)
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

        /// Claims that both are the same bytes, whichever commit and OCI registry they come from.
        package func hasSameContent(as other: Revision) -> Bool {
            specHash == other.specHash && keys == other.keys
                && pins.mapValues(\.digest) == other.pins.mapValues(\.digest)
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
            !(desired.isSame(as: other.desired) && isApplied && binding == other.binding && evidence == other.evidence
            && hold == other.hold && adoption == other.adoption)
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

    /// The same test, passed at another time.
    package func renewed(at time: Int) -> Evidence {
        Evidence(
            digest: digest, platform: platform, specHash: specHash, adapter: adapter, mode: mode, transport: transport,
            testedAt: time)
    }

    /// Claims that the newer of the two makes the older one needless.
    package func isOfSameKind(as other: Evidence) -> Bool {
        (digest, platform, specHash) == (other.digest, other.platform, other.specHash)
            && (adapter, mode, transport) == (other.adapter, other.mode, other.transport)
    }

    package let digest: Digest
    package let platform: Platform
    package let specHash: String
    package let adapter: String
    /// `mock`, or `probe`.
    package let mode: String
    package let transport: ProcessorAPI.Transport
    /// When, in seconds since 1970; `nil` in older records.
    package let testedAt: Int?

    package init(
        digest: Digest, platform: Platform, specHash: String, adapter: String, mode: String,
        transport: ProcessorAPI.Transport, testedAt: Int? = nil
    ) {
        self.testedAt = testedAt
        self.digest = digest
        self.platform = platform
        self.specHash = specHash
        self.adapter = adapter
        self.mode = mode
        self.transport = transport
    }
}
