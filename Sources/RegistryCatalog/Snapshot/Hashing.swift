import Crypto
package import DeploymentModel
package import JSON

extension JSONValue {
    /// The SHA-256 of the canonical form (RFC 8785).
    ///
    /// - Throws: `JSONError` for a value that has no canonical form (lone surrogates).
    package func sha256() throws(JSONError) -> DeploymentModel.Digest {
        DeploymentModel.Digest(bytes: Array(SHA256.hash(data: Array(try canonical().utf8))))
    }
}

extension ProcessorSpec {
    /// SHA-256 over the spec without its pins: what a pin commit does not change (contract "Snapshot").
    package func specHash() throws(JSONError) -> String {
        var json = json.objectValue ?? [:]
        if var image = json["image"]?.objectValue {
            image["platforms"] = nil
            image["oci"] = nil
            json["image"] = .object(image)
        }
        return try JSONValue.object(json).sha256().hex
    }
}

extension Catalog {
    /// `sha256:…` over every spec of the registry; the same content gives the same id on any commit and machine.
    package func snapshotID() throws(JSONError) -> DeploymentModel.Digest {
        var parts: [String: JSONValue] = [:]
        parts["processors"] = .object(
            Dictionary(processors.map { ($0.ref.description, $0.json) }) { first, _ in first })
        for kind in SupportSpec.Kind.allCases {
            let specs = supports.filter { $0.kind == kind }.map { ($0.id.description, $0.json) }
            parts[kind.rawValue] = .object(Dictionary(specs) { first, _ in first })
        }
        return try JSONValue.object(parts).sha256()
    }
}
