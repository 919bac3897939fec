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
        if let knownHash { return knownHash }
        var json = json.objectValue ?? [:]
        if var image = json["image"]?.objectValue {
            image["platforms"] = nil
            image["oci"] = nil
            // The first pin may be what brings the part into being.
            json["image"] = image.isEmpty ? nil : .object(image)
        }
        return try JSONValue.object(json).sha256().hex
    }
}
