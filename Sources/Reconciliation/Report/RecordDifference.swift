package import DeploymentModel

/// What one record of a ref says and another does not.
package struct RecordDifference: Hashable, Sendable, Codable {
    package struct Fact: Hashable, Sendable, Codable {
        package enum Kind: String, Hashable, Sendable, Codable {
            /// A digest that the environment should run.
            case desired
            /// A digest that it runs.
            case applied
            case spec
            /// The version of the app.
            case version
            /// A test that was passed, or passed again.
            case proven
            /// A test whose verdict holds no longer.
            case revoked
            case hold
            /// Somebody took over what ran already.
            case adoption
        }

        package let kind: Kind
        package let platform: Platform?
        /// `nil` for what was not there.
        package let from: String?
        /// `nil` for what is gone.
        package let to: String?
    }

    package let ref: ProcessorRef
    package let facts: [Fact]

    /// - Parameters: one of them at least is there.
    package init?(from old: RefRecord?, to new: RefRecord?) {
        guard let ref = (new ?? old)?.ref else { return nil }
        self.ref = ref
        var facts: [Fact] = []
        func add(_ kind: Fact.Kind, _ from: String?, _ to: String?, platform: Platform? = nil) {
            if from != to { facts.append(Fact(kind: kind, platform: platform, from: from, to: to)) }
        }
        func digest(_ revision: RefRecord.Revision?, _ platform: Platform) -> String? {
            revision?.pins[platform]?.digest?.description
        }
        for platform in Platform.allCases {
            add(.desired, digest(old?.desired, platform), digest(new?.desired, platform), platform: platform)
            add(.applied, digest(old?.applied, platform), digest(new?.applied, platform), platform: platform)
        }
        add(.spec, old?.desired.specHash, new?.desired.specHash)
        add(.version, old?.binding?.version.map(String.init), new?.binding?.version.map(String.init))
        let (before, after) = (old?.evidence ?? [], new?.evidence ?? [])
        for proof in after where !before.contains(proof) { add(.proven, nil, Self.text(of: proof)) }
        for proof in before where !after.contains(where: { $0.isOfSameKind(as: proof) }) {
            add(.revoked, Self.text(of: proof), nil)
        }
        add(.hold, old?.hold.map(Self.text), new?.hold.map(Self.text))
        add(.adoption, old?.adoption.map(\.by), new?.adoption.map(\.by))
        self.facts = facts
    }

    private static func text(of proof: Evidence) -> String {
        "\(proof.adapter)/\(proof.mode) \(proof.platform) \(proof.digest.short)"
    }

    private static func text(of hold: RefRecord.Hold) -> String {
        "by \(hold.by)" + (hold.reason.map { ": \($0)" } ?? "")
    }
}

/// What two environments want and run, ref by ref, where they differ.
package struct EnvironmentDifference: Hashable, Sendable, Codable {
    package struct Entry: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        /// What the first environment wants and runs; `nil` where there is nothing.
        package let first: Side?
        package let second: Side?
    }

    package struct Side: Hashable, Sendable, Codable {
        package let desired: RefRecord.Revision
        package let applied: RefRecord.Revision?
    }

    package let first: String
    package let second: String
    package let entries: [Entry]
    /// How many refs are the same in both.
    package let same: Int

    package init(
        _ first: String, _ one: [ProcessorRef: RefRecord], _ second: String, _ other: [ProcessorRef: RefRecord]
    ) {
        self.first = first
        self.second = second
        let refs = Set(one.keys).union(other.keys)
        entries = refs.sorted().compactMap { ref in
            let sides = [one[ref], other[ref]].map { $0.map { Side(desired: $0.desired, applied: $0.applied) } }
            return Self.areSame(sides[0], sides[1]) ? nil : Entry(ref: ref, first: sides[0], second: sides[1])
        }
        same = refs.count - entries.count
    }

    private static func areSame(_ one: Side?, _ other: Side?) -> Bool {
        guard let one, let other, one.desired.hasSameContent(as: other.desired) else { return false }
        guard let mine = one.applied, let theirs = other.applied else { return one.applied == other.applied }
        return mine.hasSameContent(as: theirs)
    }
}
