package import DeploymentModel
package import HTTP

/// How an OCI registry receives who means to push.
package struct RegistryWelcome: Sendable, Equatable {
    /// Whether it wanted a log-in, or a token.
    package let wantsLogin: Bool
    /// The registry's own time.
    package let date: HTTPDate?
}

extension OCIRegistryClient {
    /// Asks the registry for its API, with the log-in that a push to this repository would take. Nothing is pushed.
    ///
    /// - Throws: `Failure` with `ERR_NETWORK`, with `ERR_IMAGE_PUSH` (cause `credentials`) where it wants a log-in and there
    ///   is none or it is refused, or for whatever answers and is no OCI registry.
    package func welcome(pushingTo repository: ImageReference) async throws(Failure) -> RegistryWelcome {
        let base = self.call(.get, repository, "").endpoint.base
        let call = self.call(.get, repository, url: base + "/v2/", access: .push)
        let reply = try await fetch(call, retrying: .never)
        guard reply.isSuccess else {
            guard reply.status != 401 else {
                throw Failure(
                    .imagePush, "\(repository.registry) wants a log-in that there is not, or refuses it",
                    remedy: "Log in with: docker login \(repository.registry)", cause: .credentials)
            }
            throw Failure(
                .network, "what answers at \(repository.registry) is no OCI registry (\(reply.status) for /v2/)")
        }
        return RegistryWelcome(
            wantsLogin: authorizer.header(for: call.scope) != nil, date: reply.headers["Date"].flatMap { HTTPDate($0) })
    }
}
