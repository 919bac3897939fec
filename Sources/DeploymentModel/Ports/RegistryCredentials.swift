/// How to log in to an OCI registry.
package enum RegistryCredentials: Sendable, Hashable {
    case anonymous
    case password(user: String, password: String)
    /// A refresh token that a log-in left, in place of a password.
    case identityToken(String)
}

extension RegistryCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says which kind it is, never the value.
    package var description: String {
        switch self {
        case .anonymous: "anonymous"
        case .password: "user and password"
        case .identityToken: "identity token"
        }
    }

    package var debugDescription: String { description }

    /// Nothing to see: a crash report or a dump must not show values.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Finds the credentials for an OCI registry.
package protocol CredentialSource: Sendable {
    /// The credentials for a registry, named as in image references (`ghcr.io`, `docker.io`).
    ///
    /// - Throws: `Failure` when there should be some but they can't be read; none at all is `.anonymous`.
    func credentials(for registry: String) async throws(Failure) -> RegistryCredentials
}

/// Nobody is logged in anywhere.
package struct NoCredentials: CredentialSource {
    package init() {}

    package func credentials(for registry: String) async throws(Failure) -> RegistryCredentials { .anonymous }
}
