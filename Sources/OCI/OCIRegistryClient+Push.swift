package import DeploymentModel
import HTTP
import JSON
import SystemPackage

extension OCIRegistryClient {
    /// How many blobs of one image are sent at a time.
    private static let uploadsAtATime = 4

    /// Pushes the one image, or index, of an OCI image layout (OCI image specification, `image-layout.md`) by digest,
    /// without any tag. What the registry has already is not sent.
    ///
    /// - Parameters:
    ///   - layout: the folder with `index.json` and `blobs`.
    ///   - sources: images whose layers the new one may share: layers are taken over from their repositories where these
    ///     are in the same registry and it allows that.
    ///   - report: gets a line per blob.
    /// - Returns: the digest of the manifest, computed from its bytes.
    /// - Throws: `Failure` with `ERR_IMAGE_PUSH` when the layout is incomplete or the registry refuses; `ERR_NETWORK`.
    package func push(
        layout: String, to repository: ImageReference, mountingFrom sources: [ImageReference] = [],
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(Failure) -> Digest {
        let folder = ImageLayout(folder: layout)
        let top = try folder.manifest(folder.top())
        let paths = sources.filter { $0.registry == repository.registry && $0.path != repository.path }.map(\.path)
        try await push(top, from: folder, to: repository, mounting: Set(paths).sorted(), report: report)
        return top.digest
    }

    /// Sends what a manifest refers to, and then the manifest itself, unchanged: whatever breaks off before leaves nothing
    /// that could be taken for the image.
    ///
    /// - Parameter paths: repositories of the same registry that blobs may be taken over from.
    func push(
        _ manifest: Manifest, from content: some ImageContent, to repository: ImageReference, mounting paths: [String],
        report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) {
        switch manifest.content {
        case .index(let children):
            for child in children {
                try await push(
                    content.manifest(child), from: content, to: repository, mounting: paths, report: report)
            }
        case .image(let config, let layers):
            var seen: Set<Digest> = []
            let blobs = ([config] + layers).filter { seen.insert($0.digest).inserted }
            try await upload(blobs, from: content, to: repository, mounting: paths, report: report)
        }
        try await put(manifest, as: repository.pinned(to: manifest.digest))
    }

    private func upload(
        _ blobs: [Descriptor], from content: some ImageContent, to repository: ImageReference, mounting paths: [String],
        report: @escaping @Sendable (String) -> Void
    ) async throws(Failure) {
        let outcome = await withTaskGroup(of: Result<Void, Failure>.self) { group -> Result<Void, Failure> in
            var waiting = blobs.makeIterator()
            func addNext() {
                guard let blob = waiting.next() else { return }
                group.addTask {
                    do throws(Failure) {
                        report(try await upload(blob, from: content, to: repository, mounting: paths))
                        return .success(())
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for _ in 0..<Self.uploadsAtATime { addNext() }
            for await result in group {
                if case .failure = result {
                    group.cancelAll()
                    return result
                }
                addNext()
            }
            return .success(())
        }
        try outcome.get()
    }

    /// Sends one blob, in a session of its own for each attempt.
    ///
    /// - Returns: a line about what was done.
    private func upload(
        _ blob: Descriptor, from content: some ImageContent, to repository: ImageReference, mounting paths: [String]
    ) async throws(Failure) -> String {
        if try await containsBlob(blob.digest, of: repository) { return "\(blob.digest.short) is there already" }
        // Had once for all attempts: it may come from far away.
        var file: FileDescriptor?
        defer { try? file?.close() }
        var attempt = 1
        while true {
            let failure: Failure
            var headers: HTTPHeaders = [:]
            var mayHelp = true
            do throws(Failure) {
                switch try await uploadOnce(blob, from: content, &file, to: repository, mounting: paths) {
                case .done(let line): return line
                case .refused(let reply):
                    failure = Failure(reply, image: repository.pinned(to: blob.digest), access: .push)
                    headers = reply.headers
                    mayHelp = reply.mayTakeUpload
                }
            } catch {
                failure = error
                mayHelp = error.code == .network
            }
            // Each attempt opens a new session, so that the whole of it may be repeated like a PUT.
            guard mayHelp, !Task.isCancelled,
                let pause = retrying.pause(before: &attempt, of: .put, headers: headers)
            else { throw failure }
            do { try await retrying.wait(pause) } catch { throw Failure(.network, "the push was cancelled") }
        }
    }

    private enum Upload {
        /// With a line about what was done.
        case done(String)
        case refused(HTTPReply)
    }

    private func uploadOnce(
        _ blob: Descriptor, from content: some ImageContent, _ file: inout FileDescriptor?,
        to repository: ImageReference, mounting paths: [String]
    ) async throws(Failure) -> Upload {
        var session: HTTPReply?
        for path in paths {
            let query = "?" + HTTPURL.query([("mount", blob.digest.description), ("from", path)])
            let reply = try await open(repository, query)
            if reply.status == 201 { return .done("\(blob.digest.short) taken over from \(path)") }
            // No such blob there: the registry opened a session instead.
            guard reply.status == 202 else { break }
            session = reply
        }
        let bytes: FileDescriptor
        if let file { bytes = file } else { bytes = try await content.open(blob) }
        file = bytes
        let opened: HTTPReply
        if let session { opened = session } else { opened = try await open(repository) }
        guard opened.status == 202 else { throw Failure(opened, image: repository, access: .push) }
        return try await send(blob, bytes, to: repository, session: opened)
    }

    /// Opens a session. One that is never used costs the registry nothing, so that this may be sent twice.
    private func open(_ repository: ImageReference, _ query: String = "") async throws(Failure) -> HTTPReply {
        try await fetch(call(.post, repository, "blobs/uploads/" + query, access: .push), isIdempotent: true)
    }

    private func send(
        _ blob: Descriptor, _ file: FileDescriptor, to repository: ImageReference, session: HTTPReply
    ) async throws(Failure) -> Upload {
        let url: HTTPURL
        do throws(HTTPError) {
            url = try session.url.resolving(session.headers["Location"] ?? "")
        } catch {
            throw Failure(.imagePush, "\(repository.registry) names no place for the upload of \(blob.digest)")
        }
        guard url.origin.scheme == session.url.origin.scheme || url.origin.scheme == "https" else {
            throw Failure(.imagePush, "\(repository.registry) wants the upload of \(blob.digest) without https")
        }
        let target = url.string + (url.string.contains("?") ? "&" : "?")
        let call = self.call(
            .put, repository, url: target + HTTPURL.query([("digest", blob.digest.description)]), access: .push,
            headers: ["Content-Type": "application/octet-stream"],
            body: .file(descriptor: file.rawValue, length: blob.size),
            deadlines: deadlines.upload(of: blob.size))
        let reply = try await fetch(call, retrying: .never)
        guard reply.status == 201 || reply.status == 204 else { return .refused(reply) }
        return .done("\(blob.digest.short) sent, \(blob.size) bytes")
    }
}

extension HTTPReply {
    /// Whether the same bytes may be taken in another session: the server is not well, or has forgotten this one.
    fileprivate var mayTakeUpload: Bool { status == 404 || RetryPolicy.isTransient(status: status) }
}
