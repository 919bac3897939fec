package import DeploymentModel
import JSON

/// A reference from a manifest to other content (OCI image specification, `descriptor.md`).
package struct Descriptor: Sendable, Equatable {
    /// What an index says of a child's platform. A claim: the child's config decides.
    package struct PlatformClaim: Sendable, Equatable {
        package let os: String
        package let architecture: String
        package let variant: String?

        /// The platform of Pinion's that is meant, if it is one.
        package var platform: Platform? {
            guard os == "linux" else { return nil }
            return Platform(rawValue: architecture)
        }
    }

    package let mediaType: String
    package let digest: Digest
    /// In bytes.
    package let size: Int64
    package let platform: PlatformClaim?
    package let annotations: [String: String]

    /// Whether this is no image but a statement about one: BuildKit stores provenance and SBOMs like that, for the
    /// platform `unknown/unknown`.
    package var isAttestation: Bool {
        annotations["vnd.docker.reference.type"] != nil
            || platform.map { $0.os == "unknown" || $0.architecture == "unknown" } ?? false
    }

    /// `nil` when type, digest or size are missing or malformed.
    init?(_ json: JSONValue?) {
        guard let mediaType = json?["mediaType"]?.stringValue,
            let digest = json?["digest"]?.stringValue.flatMap({ try? Digest($0) }),
            let size = json?["size"]?.intValue, size >= 0
        else { return nil }
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        platform = PlatformClaim(json?["platform"])
        annotations = json?["annotations"]?.objectValue?.compactMapValues(\.stringValue) ?? [:]
    }
}

extension Descriptor.PlatformClaim {
    init?(_ json: JSONValue?) {
        guard let os = json?["os"]?.stringValue, let architecture = json?["architecture"]?.stringValue else {
            return nil
        }
        self.init(os: os, architecture: architecture, variant: json?["variant"]?.stringValue)
    }
}
