package import DeploymentModel
import JSON

/// A manifest as an OCI registry sent it: the bytes, the digest of exactly these bytes, and what they say.
package struct Manifest: Sendable, Equatable {
    /// What the bytes say.
    package enum Content: Sendable, Equatable {
        /// One manifest per platform, in the order of the index.
        case index([Descriptor])
        /// One image: its config and its layers, the lowest first.
        case image(config: Descriptor, layers: [Descriptor])
    }

    /// Why bytes are no manifest, as a clause.
    package struct Malformed: Error, Sendable, Equatable {
        package let reason: String
    }

    package let bytes: [UInt8]
    package let mediaType: MediaType
    /// SHA-256 of `bytes`.
    package let digest: Digest
    package let content: Content

    /// Reads a manifest.
    ///
    /// - Parameter contentType: as the registry sent it.
    /// - Throws: `Malformed` for schema 1, unknown types, a type that the text itself contradicts, and a text that could
    ///   be read as an index and as an image (CVE-2021-41190).
    package init(_ bytes: [UInt8], contentType: String) throws(Malformed) {
        guard let mediaType = MediaType(contentType: contentType) else {
            throw Malformed(
                reason: contentType.contains("manifest.v1+")
                    ? "it is stored as schema 1, which carries no digests to trust"
                    : "its type is '\(contentType.prefix(80))', not that of a manifest")
        }
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes) } catch { throw Malformed(reason: "it is no JSON: \(error)") }
        if let claimed = json["mediaType"]?.stringValue, claimed != mediaType.rawValue {
            throw Malformed(reason: "it was sent as '\(mediaType.rawValue)' and calls itself '\(claimed.prefix(80))'")
        }
        guard json["schemaVersion"]?.intValue == 2 else { throw Malformed(reason: "it is not of schema version 2") }
        guard json["manifests"] == nil || (json["layers"] == nil && json["config"] == nil) else {
            throw Malformed(reason: "it could be read as an index and as an image")
        }
        self.bytes = bytes
        self.mediaType = mediaType
        digest = ContentHash.digest(of: bytes)
        content = mediaType.isIndex ? .index(try Self.children(json)) : try Self.image(json)
    }

    private static func children(_ json: JSONValue) throws(Malformed) -> [Descriptor] {
        guard let manifests = json["manifests"]?.arrayValue else { throw Malformed(reason: "it lists no manifests") }
        let children = manifests.compactMap { Descriptor($0) }
        guard children.count == manifests.count else {
            throw Malformed(reason: "a manifest in its list has no type, size or SHA-256 digest")
        }
        return children
    }

    private static func image(_ json: JSONValue) throws(Malformed) -> Content {
        guard let config = Descriptor(json["config"]), let list = json["layers"]?.arrayValue else {
            throw Malformed(reason: "it has no config or no layers")
        }
        let layers = list.compactMap { Descriptor($0) }
        guard layers.count == list.count else {
            throw Malformed(reason: "a layer has no type, size or SHA-256 digest")
        }
        return .image(config: config, layers: layers)
    }
}
