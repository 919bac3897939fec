package import DeploymentModel
import FoundationEssentials
import HTTP
import JSON
import SystemPackage

/// Builds with the engine's own API (`POST /build`: BuildKit without a session, and where the engine has none for us the
/// classic builder), then pushes the local build
/// tag. For engines without buildx; it can't pull private base images, and an engine with containerd's store refuses it
/// (moby/buildkit#5623).
package struct EngineBuilder: ImageBuilder {
    package let name = "engine"
    private let client: EngineClient
    private let credentials: any CredentialSource
    private let registry: any ImageRegistry
    private let now: @Sendable () -> Int
    private let isForTrying: Bool
    private let classicTurns = Turns()

    /// - Parameters:
    ///   - credentials: for the push.
    ///   - registry: confirms the digest that was pushed.
    ///   - isForTrying: whether local builds are to be tried and thrown away: on the bases that the engine holds.
    ///   - now: seconds since 1970-01-01 00:00:00 UTC, for the tag.
    package init(
        _ client: EngineClient, credentials: any CredentialSource = NoCredentials(),
        registry: any ImageRegistry, isForTrying: Bool = false, now: @escaping @Sendable () -> Int
    ) {
        self.isForTrying = isForTrying
        self.client = client
        self.credentials = credentials
        self.registry = registry
        self.now = now
    }

    package func build(
        _ request: BuildRequest, log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> BuiltImage {
        let tag = BuildTag(secondsSinceEpoch: now(), platform: request.platform)
        let local = request.repository.tagged(tag.description)
        let bases = try await build(request, as: local, log: log)
        let credentials = try await credentials.credentials(for: local.registry)
        try await client.push(local, credentials: credentials, report: log)
        guard let digest = try await registry.digest(of: local) else {
            throw Failure(.imagePush, "Docker pushed \(local), and the registry has no such tag")
        }
        return try await request.confirmed(digest, bases: bases, by: registry)
    }

    package func build(
        _ request: BuildRequest, as names: [ImageReference], log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) {
        guard let first = names.first else { return }
        _ = try await build(request, as: first, log: log)
        for name in names.dropFirst() { try await client.tag(first, as: name) }
    }

    /// Builds and leaves the image in the engine under this tag.
    ///
    /// - Returns: the base images, with the digests that they resolved to.
    private func build(
        _ request: BuildRequest, as local: ImageReference, log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> [ImageReference] {
        let options = request.options
        guard options.secrets.isEmpty else {
            throw Failure(
                .imageBuild, "\(request.ref) has build.secrets, which the engine's own API cannot pass on",
                remedy: "Install the buildx plugin of Docker.")
        }
        if !options.cacheFrom.isEmpty || !options.cacheTo.isEmpty || !options.attestations.isEmpty {
            log("build.cache and build.attestations are left out: they need the buildx plugin of Docker")
        }
        if let hidden = request.hidden {
            guard hidden.areIgnored else {
                throw Failure(
                    .imageBuild, "the engine's own API would show the Dockerfile of \(request.ref) to its build",
                    remedy: "Install the buildx plugin of Docker, or let .dockerignore keep the Dockerfile out.")
            }
            log("BuildKit without buildx would show the Dockerfile to the build; the classic builder takes over")
        } else {
            do throws(Failure) {
                return try await build(request, as: local, with: .buildKit, log: log)
            } catch {
                guard error.code == .imageBuild, Backend.isMissingBuildKit(error.message) else { throw error }
                log("this engine's API has no BuildKit for us; its classic builder takes over")
            }
        }
        return try await classic(request, as: local, log: log)
    }

    /// The classic builder looks images up by name and forgets their platform on the way: builds of two platforms at once
    /// take each other's steps, so that they fail at times; and where images live in containerd's store, it takes the base of
    /// the engine's own platform for any other one, unless the first step copies.
    private func classic(
        _ request: BuildRequest, as local: ImageReference, log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> [ImageReference] {
        let information = try await client.information()
        let own = try? Platform(information.architecture)
        guard !information.usesContainerdStore || own == request.platform else {
            throw Failure(
                .imageBuild,
                "\(request.ref) can't be built for \(request.platform) by the Docker engine: without buildx, and with "
                    + "containerd's store, it builds for \(information.architecture) alone",
                remedy: "Install the buildx plugin of Docker.")
        }
        do throws(Failure) {
            return try await classicTurns.take { () throws(Failure) in
                try await build(request, as: local, with: .classic, log: log)
            }
        } catch {
            guard error.code == .imageBuild else { throw error }
            throw Failure(
                error.code, error.message,
                remedy: "The classic builder is the last resort; install Docker's buildx plugin.",
                detail: error.detail, dockerfile: error.dockerfile)
        }
    }

    /// What in the engine builds.
    enum Backend: String {
        case classic = "1"
        case buildKit = "2"

        /// What engines say that can't build with BuildKit when there is no session (moby/buildkit#5623), or at all.
        static func isMissingBuildKit(_ words: String) -> Bool {
            let lower = words.lowercased()
            if lower.contains("lookup build-context-") { return true }
            return lower.contains("buildkit")
                && ["not supported", "not enabled", "experimental"].contains { lower.contains($0) }
        }
    }

    private func build(
        _ request: BuildRequest, as local: ImageReference, with backend: Backend,
        log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> [ImageReference] {
        let archive = try request.openArchive()
        defer { try? archive.descriptor.close() }
        var call = EngineClient.Call(.post, Self.path(request, as: local, with: backend, pulls: !isForTrying))
        call.headers["Content-Type"] = "application/x-tar"
        call.body = .file(descriptor: archive.descriptor.rawValue, length: archive.length)
        var (trace, output) = (BuildTrace(), BuildOutput())
        try await client.progress(call) { json in
            for line in Self.lines(json, &trace) {
                output.receive(line)
                log(line)
            }
        } failing: {
            Failure(builder: "the Docker engine", request, words: $0, log: output.tail.text)
        }
        return output.bases.images
    }

    static func path(
        _ request: BuildRequest, as local: ImageReference, with backend: Backend, pulls: Bool = true
    ) -> String {
        var args = ["SOURCE_DATE_EPOCH": "0"]
        if backend == .classic {
            // BuildKit knows these by itself.
            args["TARGETPLATFORM"] = request.platform.oci
            args["TARGETOS"] = "linux"
            args["TARGETARCH"] = request.platform.rawValue
        }
        args.merge(request.args) { $1 }
        var fields = [
            ("version", backend.rawValue), ("platform", request.platform.oci), ("t", local.description),
            ("dockerfile", request.dockerfile), ("buildargs", JSONValue.object(args.mapValues { .string($0) }).compact),
            ("rm", "1"), ("forcerm", "1"),
        ]
        if pulls { fields.append(("pull", "1")) }
        if let target = request.target { fields.append(("target", target)) }
        return "/build?" + HTTPURL.query(fields)
    }

    /// What one line of progress says: BuildKit's as base64 of a protobuf message, the classic builder's as text.
    private static func lines(_ json: JSONValue, _ trace: inout BuildTrace) -> [String] {
        if json["id"]?.stringValue == "moby.buildkit.trace", let text = json["aux"]?.stringValue {
            return Data(base64Encoded: text).map { trace.receive(Array($0)) } ?? []
        }
        guard let text = json["stream"]?.stringValue else { return EngineProgress.text(json).map { [$0] } ?? [] }
        return text.split(whereSeparator: \.isNewline).map(String.init)
    }
}
