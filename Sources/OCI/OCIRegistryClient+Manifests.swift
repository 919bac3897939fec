package import DeploymentModel
import HTTP
import JSON

extension OCIRegistryClient {
    /// The manifest that a tag or digest stands for, its digest computed from the bytes that came.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` when it is not there, is refused, is no manifest (schema 1, a log-in
    ///   page), or is not the content of the digest that was asked for or announced; `ERR_NETWORK`.
    package func manifest(of image: ImageReference) async throws(Failure) -> Manifest {
        try checked(await manifestReply(image), image)
    }

    /// The manifest, or `nil` when the registry has none.
    ///
    /// - Throws: as `manifest`, but for 404.
    func manifestIfPresent(of image: ImageReference) async throws(Failure) -> Manifest? {
        let reply = try await manifestReply(image)
        return reply.status == 404 ? nil : try checked(reply, image)
    }

    private func manifestReply(_ image: ImageReference) async throws(Failure) -> HTTPReply {
        try await fetch(call(.get, image, Self.path(image), headers: ["Accept": MediaType.accept]))
    }

    private func checked(_ reply: HTTPReply, _ image: ImageReference) throws(Failure) -> Manifest {
        guard reply.isSuccess else { throw Failure(reply, image: image, access: .pull) }
        let manifest: Manifest
        do throws(Manifest.Malformed) {
            manifest = try Manifest(reply.body, contentType: reply.headers["Content-Type"] ?? "")
        } catch {
            throw Failure(.imagePull, "\(image) can't be read: \(error.reason)")
        }
        if let asked = image.digest, asked != manifest.digest {
            throw Failure(altered: image, "its digest is \(manifest.digest)")
        }
        if let announced = reply.headers["Docker-Content-Digest"], announced != manifest.digest.description {
            throw Failure(altered: image, "announced as \(announced.prefix(80)), it is \(manifest.digest)")
        }
        return manifest
    }

    /// The digest that a tag or digest stands for, by HEAD; `nil` when there is nothing.
    ///
    /// What a HEAD says is a claim of the registry: fine for asking whether a digest is there, not for making a pin.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PULL` or `ERR_NETWORK`.
    package func claimedDigest(of image: ImageReference) async throws(Failure) -> Digest? {
        let reply = try await fetch(call(.head, image, Self.path(image), headers: ["Accept": MediaType.accept]))
        if reply.status == 404 { return nil }
        guard reply.isSuccess else { throw Failure(reply, image: image, access: .pull) }
        guard MediaType(contentType: reply.headers["Content-Type"] ?? "") != nil else {
            throw Failure(.imagePull, "\(image.registry) did not answer as an OCI registry about \(image)")
        }
        if let announced = reply.headers["Docker-Content-Digest"], let digest = try? Digest(announced) { return digest }
        // The header is optional; the body decides.
        return try await manifest(of: image).digest
    }

    /// Stores a manifest, unchanged, under a tag of a repository that has everything it refers to.
    ///
    /// A registry that does not know a blob which it has just confirmed is asked again: while another push of the same
    /// blob is writing, distribution 2.8 reads a link that is not there yet, and object stores take their time.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PUSH` when it is refused or stored under another digest; `ERR_NETWORK`.
    package func put(_ manifest: Manifest, as image: ImageReference) async throws(Failure) {
        let call = self.call(
            .put, image, Self.path(image), access: .push, headers: ["Content-Type": manifest.mediaType.rawValue],
            body: .bytes(manifest.bytes))
        var reply = try await fetch(call)
        var attempt = 1
        while reply.missesBlob, let pause = retrying.pause(before: &attempt, of: .put) {
            do { try await retrying.wait(pause) } catch { throw Failure(.network, "the push was cancelled") }
            reply = try await fetch(call)
        }
        guard reply.isSuccess else { throw Failure(reply, image: image, access: .push) }
        if let stored = reply.headers["Docker-Content-Digest"], stored != manifest.digest.description {
            throw Failure(.imagePush, "\(image.registry) stored \(image) as \(stored.prefix(80))")
        }
    }

    /// `latest` is nothing special anywhere in Pinion, but it is what a bare name means to everybody.
    private static func path(_ image: ImageReference) -> String {
        "manifests/\(image.digest?.description ?? image.tag ?? "latest")"
    }
}

extension HTTPReply {
    /// Claims that a manifest was refused because the registry has not got what it refers to.
    fileprivate var missesBlob: Bool {
        guard status == 400 || status == 404, let json = try? JSONValue(parsing: body) else { return false }
        return json["errors"]?.arrayValue?.contains { $0["code"]?.stringValue?.hasSuffix("BLOB_UNKNOWN") == true }
            == true
    }
}

extension Retrying {
    /// How long to wait before something is done once more that a 503 would be repeated for; `nil` when that is enough.
    ///
    /// - Parameter headers: of the answer, for `Retry-After`.
    func pause(before attempt: inout Int, of method: HTTPMethod, headers: HTTPHeaders = [:]) -> Duration? {
        defer { attempt += 1 }
        return policy.delay(
            after: .answered(status: 503, headers: headers), attempt: attempt, method: method, jitter: jitter())
    }
}
