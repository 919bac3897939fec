package import DeploymentModel
import HTTP
import JSON

extension OCIRegistryClient: ImageRegistry {
    /// How deep indexes may be nested.
    private static let depthLimit = 3
    /// How many pages of tags are read.
    private static let pageLimit = 1000

    package func platforms(of image: ImageReference) async throws(Failure) -> [Platform: ImageReference] {
        let found = try await platforms(of: image, depth: 1)
        guard !found.isEmpty else {
            throw Failure(.imagePlatform, "\(image) has an image neither for amd64 nor for arm64")
        }
        return found
    }

    package func platform(of image: ImageReference) async throws(Failure) -> Platform {
        try await inspect(image).platform
    }

    package func digest(of tag: ImageReference) async throws(Failure) -> Digest? {
        try await claimedDigest(of: tag)
    }

    package func contains(_ image: ImageReference) async throws(Failure) -> Bool {
        guard let claimed = try await claimedDigest(of: image) else { return false }
        guard image.digest == nil || image.digest == claimed else {
            throw Failure(altered: image, "announced as \(claimed)")
        }
        return true
    }

    package func tags(of repository: ImageReference) async throws(Failure) -> [String] {
        var tags: [String] = []
        var call = self.call(.get, repository, "tags/list?n=1000")
        for _ in 0..<Self.pageLimit {
            let reply = try await fetch(call)
            if reply.status == 404 { return [] }
            guard reply.isSuccess else { throw Failure(reply, image: repository, access: .pull) }
            guard let json = try? JSONValue(parsing: reply.body), let page = json["tags"] else {
                throw Failure(
                    .imagePull, "\(repository.registry) did not answer as an OCI registry about \(repository)")
            }
            tags += page.arrayValue?.compactMap(\.stringValue) ?? []
            guard let next = try nextPage(reply, repository) else { return tags }
            call = self.call(.get, repository, url: next)
        }
        throw Failure(.imagePull, "\(repository.registry) sends pages of tags of \(repository) without end")
    }

    package func tag(_ image: ImageReference, as tag: String) async throws(Failure) {
        try await put(manifest(of: image), as: image.tagged(tag))
    }

    package func configuration(of image: ImageReference) async throws(Failure) -> ImageConfiguration {
        guard case .image(let descriptor, _) = try await manifest(of: image).content else {
            throw Failure(
                .imagePlatform, "\(image) is an index, not an image for one platform",
                remedy: "Pin the digest of each platform's own manifest.")
        }
        let (platform, document) = try await self.config(of: image, descriptor)
        let config = document["config"]
        func texts(_ name: String) -> [String] { config?[name]?.arrayValue?.compactMap(\.stringValue) ?? [] }
        let variables = texts("Env").map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false) }
        return ImageConfiguration(
            platform: platform, command: texts("Entrypoint") + texts("Cmd"),
            workingDirectory: config?["WorkingDir"]?.stringValue ?? "",
            environment: Dictionary(variables.map { (String($0[0]), $0.count > 1 ? String($0[1]) : "") }) { $1 })
    }

    package func isPublic(_ image: ImageReference) async throws(Failure) -> Bool {
        do throws(Failure) {
            return try await anonymous.contains(image)
        } catch {
            guard error.code == .imagePull else { throw error }
            return false
        }
    }

    private func platforms(of image: ImageReference, depth: Int) async throws(Failure) -> [Platform: ImageReference] {
        let manifest = try await manifest(of: image)
        switch manifest.content {
        case .image(let config, _):
            return [try await self.config(of: image, config).0: image.pinned(to: manifest.digest)]
        case .index(let children):
            guard depth <= Self.depthLimit else {
                throw Failure(.imagePull, "\(image) nests indexes more than \(Self.depthLimit) deep")
            }
            return try await platforms(of: children.filter { !$0.isAttestation }, in: image, depth: depth)
        }
    }

    private func platforms(
        of children: [Descriptor], in image: ImageReference, depth: Int
    ) async throws(Failure) -> [Platform: ImageReference] {
        var found: [Platform: (rank: Int, image: ImageReference)] = [:]
        func add(_ platform: Platform, rank: Int, _ image: ImageReference) {
            if rank < found[platform]?.rank ?? .max { found[platform] = (rank, image) }
        }
        for child in children {
            let reference = image.pinned(to: child.digest)
            if let claim = child.platform, MediaType(contentType: child.mediaType)?.isIndex != true {
                if let platform = claim.platform { add(platform, rank: Self.rank(claim.variant, platform), reference) }
            } else if MediaType(contentType: child.mediaType) != nil {
                // No claim, or an index in the index: only the child itself can tell.
                for (platform, image) in try await platforms(of: reference, depth: depth + 1) {
                    add(platform, rank: 3, image)
                }
            }
        }
        return found.mapValues(\.image)
    }

    /// The plain variant of a platform runs everywhere; amd64/v3 and the like don't.
    private static func rank(_ variant: String?, _ platform: Platform) -> Int {
        switch (variant, platform) {
        case (nil, _), (""?, _): 0
        case ("v8"?, .arm64), ("v1"?, .amd64): 1
        default: 2
        }
    }

    /// The next page that a `Link: <…>; rel="next"` names (RFC 8288), on the same server.
    private func nextPage(_ reply: HTTPReply, _ repository: ImageReference) throws(Failure) -> String? {
        for link in reply.headers.values("Link") where link.contains("rel=\"next\"") || link.contains("rel=next") {
            guard let start = link.firstIndex(of: "<"), let end = link[start...].firstIndex(of: ">") else { continue }
            guard let next = try? reply.url.resolving(String(link[link.index(after: start)..<end])),
                next.origin == reply.url.origin
            else {
                throw Failure(.imagePull, "\(repository.registry) sends the next page of tags to another server")
            }
            return next.string
        }
        return nil
    }
}
