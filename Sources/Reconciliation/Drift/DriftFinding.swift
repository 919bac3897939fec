package import DeploymentModel

/// One thing of an environment that is not as it should be.
package struct DriftFinding: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// The spec names another digest than the record.
        case pin
        /// The app is not deployed.
        case missing
        /// The digest in the app's tags is not the pinned one.
        case digest
        /// The function's image is not the one that is bound to the digest.
        case image
        /// It was deployed for another spec.
        case spec
        /// CPU, memory, GPU or time limit.
        case resources
        case scaling
        /// The names of the secrets that it mounts.
        case secrets
        /// Whether its endpoint asks for proxy keys.
        case access
        /// The app has other functions than its one.
        case functions
        /// The app's tags say that somebody else deployed it.
        case manager
        /// Another version of the app is live than the one that is recorded.
        case version
        /// A secret was rotated, and its containers may hold the old value.
        case staleSecret = "stale_secret"
        /// An app that no spec asks for.
        case orphan
        /// A secret that a spec requires is not there.
        case missingSecret = "missing_secret"
        /// The endpoint does not answer as it should.
        case endpoint
    }

    /// `nil` for an app that no spec asks for.
    package let ref: ProcessorRef?
    package let app: String
    package let kind: Kind
    package let expected: String
    package let actual: String
    /// When the live version was deployed, RFC 3339; `nil` when unknown.
    package let since: String?
    package let by: String?

    package init(
        ref: ProcessorRef?, app: String, kind: Kind, expected: String, actual: String, since: String? = nil,
        by: String? = nil
    ) {
        self.ref = ref
        self.app = app
        self.kind = kind
        self.expected = expected
        self.actual = actual
        self.since = since
        self.by = by
    }
}

extension DriftFinding.Kind {
    /// Claims that a new version of the app mends it.
    package var needsDeploy: Bool {
        switch self {
        case .missing, .digest, .image, .spec, .resources, .scaling, .secrets, .access, .functions, .manager: true
        case .pin, .version, .staleSecret, .orphan, .missingSecret, .endpoint: false
        }
    }

    /// Claims that neither tags nor image tell of it, so that the app seems unchanged to who deploys it.
    var isHidden: Bool {
        switch self {
        case .resources, .scaling, .secrets, .access: true
        default: false
        }
    }
}

extension DriftFinding {
    /// Why something has to be done, as a clause of a plan.
    var clause: String {
        let deployment = [since.map { " at \($0)" }, by.map { " by \($0)" }].compactMap(\.self).joined()
        return switch kind {
        case .missing: "not deployed"
        case .digest: "\(Self.short(actual)) is deployed, not \(Self.short(expected))"
        case .image: "its image is not the one that is bound to its digest"
        case .spec: "its spec changed"
        case .resources: "it has \(actual) in place of \(expected)"
        case .scaling: "its scaling is \(actual) in place of \(expected)"
        case .secrets: "it mounts \(actual) in place of \(expected)"
        case .access: "its endpoint is \(actual) in place of \(expected)"
        case .functions: "its app has \(actual.isEmpty ? "no function" : actual) in place of \(expected)"
        case .manager: "deployed by hand\(deployment)"
        case .version: "\(actual) was deployed\(deployment), and \(expected) is recorded"
        case .staleSecret: "\(actual) was rotated since its containers came"
        case .pin, .orphan, .missingSecret, .endpoint: actual
        }
    }

    private static func short(_ digest: String) -> String {
        digest.hasPrefix("sha256:") ? String(digest.prefix(19)) : digest
    }
}
