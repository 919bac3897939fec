import DeploymentModel

extension Failure {
    /// Turns a builder's own words into a failure. Builders have no codes, so their words must do; when in doubt it is the
    /// build.
    ///
    /// - Parameters:
    ///   - words: the line in which the builder says what failed.
    ///   - log: the end of the output.
    init(builder: String, _ request: BuildRequest, words: String, log: String?) {
        let lower = words.lowercased()
        let what = "\(request.ref) (\(request.platform))"
        if lower.contains("cannot connect to the docker daemon") || lower.contains("error during connect") {
            self.init(.docker, "\(builder) reaches no Docker engine: \(words)", detail: log)
        } else if lower.contains("rpc error: code = unavailable") || lower.contains("error reading from server") {
            // What buildx says, in one form or another, when the connection ends under a build.
            self.init(
                .docker, "the Docker engine went away while \(what) was built: \(words)",
                remedy: "Run it again when the engine is back.", detail: log)
        } else if lower.contains("failed to push") || lower.contains("error pushing")
            || lower.contains("push access denied")
        {
            self.init(
                .imagePush, "\(what) was built but can't be pushed to \(request.repository): \(words)",
                remedy: "Log in with: docker login \(request.repository.registry)", detail: log)
        } else {
            self.init(
                .imageBuild, "\(what) can't be built by \(builder): \(words)",
                remedy: "See the whole output: pinion build \(request.ref) --platform \(request.platform) --verbose",
                detail: log.map(Self.summary),
                dockerfile: DockerfileSpot(words: words, log: log))
        }
    }
}

extension Failure {
    /// BuildKit ends with the failed step, its output and its place in the Dockerfile, behind a line of dashes; what comes
    /// before is only of interest when there is no such end.
    private static func summary(_ log: String) -> String {
        let lines = log.split(separator: "\n", omittingEmptySubsequences: false)
        guard let dashes = lines.firstIndex(of: "------") else { return log }
        return lines[(dashes + 1)...].joined(separator: "\n")
    }
}

extension BuildRequest {
    /// What the OCI registry itself says of the manifest or index that was pushed for this build: the image for the
    /// platform that was asked for.
    ///
    /// - Throws: `Failure` with `ERR_IMAGE_PLATFORM` for an image of another platform, else what the registry threw.
    func confirmed(
        _ digest: Digest, bases: [ImageReference], by registry: any ImageRegistry
    ) async throws(Failure) -> BuiltImage {
        let pushed = repository.pinned(to: digest)
        let found = try await registry.platforms(of: pushed)
        guard let confirmed = found[platform]?.digest else {
            let others = found.keys.sorted().map(\.description).joined(separator: ", ")
            throw Failure(
                .imagePlatform, "\(pushed) was built for \(platform) and is for \(others)",
                remedy: "Does its Dockerfile force a platform, as in FROM --platform=…?")
        }
        return BuiltImage(digest: confirmed, index: confirmed == digest ? nil : digest, bases: bases)
    }
}
