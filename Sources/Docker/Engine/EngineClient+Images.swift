package import DeploymentModel
import HTTP
import JSON
import SystemPackage

extension EngineClient {
    /// What the engine knows of an image, `nil` when it does not hold it.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER`.
    package func image(_ image: ImageReference) async throws(Failure) -> EngineImage? {
        guard let json = try await json(Call(.get, "/images/\(image)/json")) else { return nil }
        guard let found = EngineImage(json) else {
            throw Failure(.docker, "the Docker engine at \(address.text) describes \(image) without an id")
        }
        return found
    }

    /// Pulls an image for a platform, whether the engine holds it or not.
    ///
    /// - Parameter report: gets lines of progress.
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` in the engine's words, or `ERR_DOCKER`.
    package func pull(
        _ image: ImageReference, platform: Platform, credentials: RegistryCredentials,
        report: (String) -> Void = { _ in }
    ) async throws(Failure) {
        let query = HTTPURL.query([
            ("fromImage", image.repository), ("tag", image.digest?.description ?? image.tag ?? "latest"),
            ("platform", platform.oci),
        ])
        var call = Call(.post, "/images/create?\(query)")
        call.headers["X-Registry-Auth"] = credentials.engineHeader(for: image.registry)
        try await progress(call) { json in
            if let line = EngineProgress.text(json) { report(line) }
        } failing: {
            Failure(.imagePull, "\(image) can't be pulled: \($0)")
        }
    }

    /// Takes over the images of an archive, as `docker save` or buildx write it, under the names that it has there.
    ///
    /// - Parameter path: the archive on this host.
    /// - Throws: `Failure` with `ERR_DOCKER` in the engine's words.
    package func load(_ path: String) async throws(Failure) {
        let file: FileDescriptor
        let length: Int64
        do {
            file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            length = try file.seek(offset: 0, from: .end)
        } catch { throw Failure(.docker, "the image archive \(path) can't be read: \(error)") }
        defer { try? file.close() }
        var call = Call(.post, "/images/load?quiet=1")
        call.headers["Content-Type"] = "application/x-tar"
        call.body = .file(descriptor: file.rawValue, length: length)
        try await progress(call) { _ in
        } failing: {
            Failure(.docker, "the engine can't load a built image: \($0)")
        }
    }

    /// Gives an image that the engine holds another name.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER`, also when the engine does not hold it.
    package func tag(_ image: ImageReference, as name: ImageReference) async throws(Failure) {
        let query = HTTPURL.query([("repo", name.repository), ("tag", name.tag ?? "latest")])
        let call = Call(.post, "/images/\(image)/tag?\(query)")
        let reply = try await fetch(call)
        guard reply.isSuccess else { throw refusal(reply, .docker, call) }
    }

    /// Pushes a tag.
    ///
    /// - Returns: the digest of the manifest that the registry has now, as the engine tells it; with containerd's store
    ///   it tells none.
    /// - Throws: `Failure` with `ERR_IMAGE_PUSH`, `ERR_DOCKER`.
    @discardableResult
    package func push(
        _ image: ImageReference, credentials: RegistryCredentials, report: (String) -> Void = { _ in }
    ) async throws(Failure) -> Digest? {
        var call = Call(.post, "/images/\(image.repository)/push?\(HTTPURL.query([("tag", image.tag ?? "latest")]))")
        call.headers["X-Registry-Auth"] = credentials.engineHeader(for: image.registry)
        var digest: Digest?
        try await progress(call) { json in
            if let text = json["aux"]?["Digest"]?.stringValue { digest = try? Digest(text) }
            if let line = EngineProgress.text(json) { report(line) }
        } failing: {
            Failure(
                .imagePush, "\(image) can't be pushed: \($0)",
                remedy: "If it wants a log-in: docker login \(image.registry)")
        }
        return digest
    }

    /// The names (tags) under which the engine holds images of a repository, in no order.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER`.
    package func images(of repository: ImageReference) async throws(Failure) -> [ImageReference] {
        let filters: JSONValue = ["reference": [.string(repository.repository)]]
        let call = Call(.get, "/images/json?\(HTTPURL.query([("filters", filters.compact)]))")
        let tags = try await json(call)?.arrayValue?.flatMap { $0["RepoTags"]?.arrayValue ?? [] } ?? []
        return tags.compactMap { $0.stringValue.flatMap { try? ImageReference($0) } }
            .filter { $0.repository == repository.repository }
    }

    /// Takes a name, and with its last name an image, away; one that is gone is no error.
    ///
    /// - Throws: `Failure` with `ERR_DOCKER`, for example when a container uses it.
    package func removeImage(_ image: ImageReference) async throws(Failure) {
        try await removeImage(image.description)
    }

    /// - Parameter name: a reference, or the engine's id.
    func removeImage(_ name: String) async throws(Failure) {
        let call = Call(.delete, "/images/\(name)")
        let reply = try await fetch(call)
        guard reply.isSuccess || reply.status == 404 else { throw refusal(reply, .docker, call) }
    }
}

/// What the engine tells about an image (`GET /images/…/json`).
package struct EngineImage: Sendable, Equatable {
    /// Digest of the config, or of the manifest where images live in containerd's store.
    package let id: String
    package let architecture: String
    /// `repository@digest` of everywhere it was pulled from or pushed to.
    package let repoDigests: [String]
    package let repoTags: [String]

    init?(_ json: JSONValue) {
        guard let id = json["Id"]?.stringValue else { return nil }
        self.id = id
        architecture = json["Architecture"]?.stringValue ?? ""
        repoDigests = json["RepoDigests"]?.arrayValue?.compactMap(\.stringValue) ?? []
        repoTags = json["RepoTags"]?.arrayValue?.compactMap(\.stringValue) ?? []
    }
}
