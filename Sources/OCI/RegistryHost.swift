import DeploymentModel

/// The name of an OCI registry as image references have it: a host, with a port or without one.
package struct RegistryHost: Hashable, Sendable {
    package let name: String

    /// `nil` for anything else, an address with a scheme or a path for example.
    package init?(_ text: String) {
        guard let image = try? ImageReference(text + "/any"), image.registry == text else { return nil }
        name = text
    }
}
