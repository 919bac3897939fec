package import DeploymentModel
import FoundationEssentials
import JSON
import Subprocess
import Synchronization
import SystemPackage

/// Builds with `docker buildx build`, one platform a call, and pushes.
///
/// With a pusher, buildx writes the image to disk with constant file times, and the pusher sends it by digest: the same
/// bytes with every driver, no tag anywhere. Without one, buildx itself pushes.
package struct BuildxBuilder: ImageBuilder {
    package let name = "buildx"
    private let driver: Driver
    private let program: DockerProgram
    private let registry: any ImageRegistry
    private let pusher: (any LayoutPusher)?
    private let usesCache: Bool
    private let now: @Sendable () -> Int

    /// How the builder that buildx uses keeps images.
    package enum Driver: Sendable, Hashable {
        /// The engine's own BuildKit: it can't push by digest alone, so that the local build tag is pushed, and the image
        /// stays in the engine under it.
        case engine
        /// A builder of its own (docker-container, kubernetes, remote, cloud): pushed by digest, nothing stays local.
        case separate
    }

    /// - Parameters:
    ///   - environment: variables for docker on top of the process's own, for example `DOCKER_HOST`, `BUILDX_BUILDER`.
    ///   - registry: confirms the digest that was pushed.
    ///   - pusher: sends the image in buildx's place.
    ///   - usesCache: whether steps that were done before may be taken over.
    ///   - now: seconds since 1970-01-01 00:00:00 UTC, for the tag.
    package init(
        driver: Driver, executable: String = "docker", environment: [String: String?] = [:],
        registry: any ImageRegistry, pusher: (any LayoutPusher)? = nil,
        usesCache: Bool = true, now: @escaping @Sendable () -> Int
    ) {
        self.driver = driver
        self.registry = registry
        self.pusher = pusher
        self.usesCache = usesCache
        self.now = now
        var variables = environment
        // Constant times and no provenance: the same inputs give the same digest.
        variables["SOURCE_DATE_EPOCH"] = "0"
        variables["BUILDX_NO_DEFAULT_ATTESTATIONS"] = "1"
        variables["NO_COLOR"] = "1"
        program = DockerProgram(executable: executable, environment: variables)
    }

    package func build(
        _ request: BuildRequest, log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> Digest {
        try await buildImage(request, log: log).digest
    }

    /// Builds and pushes, and tells more than the port asks for.
    ///
    /// - Throws: as `build`.
    package func buildImage(
        _ request: BuildRequest, log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> BuiltImage {
        let tag = BuildTag(secondsSinceEpoch: now(), platform: request.platform)
        let local = request.repository.tagged(tag.description)
        let scratch = try scratchFolder(request)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let (layout, metadata) = (scratch + "/image", scratch + "/metadata.json")
        let output = output(request, local: local, layout: layout)
        let bases = try await run(request, arguments(request, output: output, metadata: metadata), log: log)
        guard let bytes = FileManager.default.contents(atPath: metadata),
            let json = try? JSONValue(parsing: bytes),
            var digest = json["containerimage.digest"]?.stringValue.flatMap({ try? Digest($0) })
        else {
            throw Failure(.imageBuild, "buildx built \(request.ref) (\(request.platform)) and told no digest")
        }
        if let pusher {
            digest = try await pusher.push(
                layout: layout, to: request.repository, mountingFrom: bases, report: { log("push: " + $0) })
        }
        return BuiltImage(
            digest: try await request.confirmed(digest, by: registry), bases: bases,
            localTag: driver == .engine && pusher == nil ? local : nil)
    }

    private func scratchFolder(_ request: BuildRequest) throws(Failure) -> String {
        let path = FileManager.default.temporaryDirectory.path + "/pinion-build-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            return path
        } catch {
            throw Failure(.imageBuild, "there is no room on disk for the build of \(request.ref): \(path)")
        }
    }

    func output(_ request: BuildRequest, local: ImageReference, layout: String) -> String {
        if pusher != nil { return "type=oci,dest=\(layout),tar=false,rewrite-timestamp=true" }
        return switch driver {
        case .engine: "type=image,name=\(local),push=true"
        case .separate:
            "type=image,name=\(request.repository.repository),push-by-digest=true,name-canonical=true,push=true"
        }
    }

    func arguments(_ request: BuildRequest, output: String, metadata: String) -> [String] {
        var arguments = [
            "buildx", "build", "--platform", request.platform.oci, "--file", request.dockerfile, "--output", output,
            "--metadata-file", metadata, "--provenance=false", "--sbom=false", "--progress=plain",
            // Else an image that happens to lie in the engine under the base's tag wins over the registry's.
            "--pull",
        ]
        if !usesCache { arguments.append("--no-cache") }
        for (name, value) in request.args.sorted(by: { $0.key < $1.key }) {
            arguments += ["--build-arg", "\(name)=\(value)"]
        }
        if let target = request.target { arguments += ["--target", target] }
        return arguments + ["-"]
    }

    private func run(
        _ request: BuildRequest, _ arguments: [String], log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> [ImageReference] {
        let archive = try request.openArchive()
        defer { try? archive.descriptor.close() }
        let output = Collected()
        let ended: DockerProgram.Ended
        do {
            ended = try await program.run(arguments, input: archive.descriptor) { line in
                output.receive(line)
                log(line)
            }
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw Failure(.docker, "the program docker is not installed", remedy: "Install Docker with buildx.")
        } catch is CancellationError {
            throw Failure(.imageBuild, "the build of \(request.ref) (\(request.platform)) was cancelled")
        } catch {
            throw Failure(.docker, "docker could not be run for \(request.ref) (\(request.platform)): \(error)")
        }
        guard ended.isSuccess else {
            let collected = output.collected
            let words = collected.tail.lines.last { $0.hasPrefix("ERROR: ") } ?? collected.tail.lines.last
            throw Failure(
                builder: name, request, words: words ?? "docker \(ended.status)", log: collected.tail.text)
        }
        return output.collected.bases.images
    }

    private final class Collected: Sendable {
        private let output = Mutex(BuildOutput())

        var collected: BuildOutput { output.withLock { $0 } }

        func receive(_ line: String) {
            output.withLock { $0.receive(line) }
        }
    }
}
