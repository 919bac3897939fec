package import DeploymentModel
import FoundationEssentials
import JSON
import Subprocess
import Synchronization
import SystemPackage

/// Builds with `docker buildx build`, one platform a call.
///
/// buildx writes the image to disk in the OCI image layout, with constant file times. From there it is pushed by digest,
/// or loaded into the engine: the same bytes with every builder that buildx has, and no tag that nobody asked for.
package struct BuildxBuilder: ImageBuilder {
    package let name = "buildx"
    private let program: DockerProgram
    private let client: EngineClient
    private let registry: any ImageRegistry
    private let pusher: any LayoutPusher
    private let usesCache: Bool
    private let isForTrying: Bool

    /// - Parameters:
    ///   - client: the engine that local builds go to.
    ///   - environment: variables for docker on top of the process's own, for example `DOCKER_HOST`, `BUILDX_BUILDER`,
    ///     and the values of build secrets.
    ///   - registry: confirms the digest that was pushed.
    ///   - pusher: sends what buildx wrote.
    ///   - usesCache: whether steps that were done before may be taken over.
    ///   - isForTrying: whether local builds are to be tried and thrown away: they go into the engine without a detour over
    ///     an archive, with the times that they have, on the bases that the engine holds.
    package init(
        _ client: EngineClient, executable: String = "docker", environment: [String: String?] = [:],
        registry: any ImageRegistry, pusher: any LayoutPusher, usesCache: Bool = true, isForTrying: Bool = false
    ) {
        self.isForTrying = isForTrying
        self.client = client
        self.registry = registry
        self.pusher = pusher
        self.usesCache = usesCache
        var variables = environment
        // Constant times and no provenance unless asked for: the same inputs give the same digest.
        variables["SOURCE_DATE_EPOCH"] = "0"
        variables["BUILDX_NO_DEFAULT_ATTESTATIONS"] = "1"
        variables["NO_COLOR"] = "1"
        program = DockerProgram(executable: executable, environment: variables)
    }

    package func build(
        _ request: BuildRequest, log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> BuiltImage {
        let scratch = try ScratchFolder(request)
        defer { scratch.remove() }
        let layout = scratch.path + "/image"
        let output = "type=oci,dest=\(layout),tar=false,rewrite-timestamp=true"
        let bases = try await run(request, output: output, in: scratch, log: log)
        let digest = try await pusher.push(
            layout: layout, to: request.repository, mountingFrom: bases, report: { log("push: " + $0) })
        return try await request.confirmed(digest, bases: bases, by: registry)
    }

    package func build(
        _ request: BuildRequest, as names: [ImageReference], log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) {
        let scratch = try ScratchFolder(request)
        defer { scratch.remove() }
        let name = names.map(\.description).joined(separator: ",")
        if isForTrying {
            // Without a place to go to, it goes to the engine.
            _ = try await run(request, output: "type=docker,\"name=\(name)\"", in: scratch, log: log)
            return
        }
        let archive = scratch.path + "/image.tar"
        // An engine with the older store takes Docker's own form alone.
        let type = try await client.information().usesContainerdStore ? "oci" : "docker"
        let output = "type=\(type),dest=\(archive),\"name=\(name)\",rewrite-timestamp=true"
        _ = try await run(request, output: output, in: scratch, log: log)
        try await client.load(archive)
    }

    /// - Parameter unpacked: the context, where it is not to come from the archive.
    func arguments(_ request: BuildRequest, unpacked: UnpackedContext? = nil, output: String) -> [String] {
        let options = request.options
        var arguments = [
            "buildx", "build", "--platform", request.platform.oci,
            "--file", unpacked?.dockerfile ?? request.dockerfile, "--output", output,
            "--provenance=\(options.attestations.contains(.provenance) && !isForTrying)",
            "--sbom=\(options.attestations.contains(.sbom) && !isForTrying)", "--progress=plain",
        ]
        // Else an image that happens to lie in the engine under the base's tag wins over the registry's.
        if !isForTrying { arguments.append("--pull") }
        if !usesCache { arguments.append("--no-cache") }
        for place in options.cacheFrom { arguments += ["--cache-from", place] }
        // What is tried goes nowhere.
        for place in isForTrying ? [] : options.cacheTo { arguments += ["--cache-to", place] }
        // The values stay in the environment; the arguments have the names alone.
        for secret in options.secrets { arguments += ["--secret", "id=\(secret),env=\(secret)"] }
        for (name, value) in request.args.sorted(by: { $0.key < $1.key }) {
            arguments += ["--build-arg", "\(name)=\(value)"]
        }
        if let target = request.target { arguments += ["--target", target] }
        return arguments + [unpacked?.folder ?? "-"]
    }

    /// - Returns: the base images.
    private func run(
        _ request: BuildRequest, output type: String, in scratch: ScratchFolder,
        log: @escaping @Sendable (String) -> Void
    ) async throws(Failure) -> [ImageReference] {
        try checkSecrets(of: request)
        var unpacked: UnpackedContext?
        if let hidden = request.hidden { unpacked = try await UnpackedContext(request, hiding: hidden, in: scratch) }
        let arguments = arguments(request, unpacked: unpacked, output: type)
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

    private func checkSecrets(of request: BuildRequest) throws(Failure) {
        let inherited = ProcessInfo.processInfo.environment
        let missing = request.options.secrets.filter { name in
            program.environment[name].map { $0 ?? "" }?.isEmpty ?? (inherited[name] ?? "").isEmpty
        }
        guard missing.isEmpty else {
            throw Failure(
                .missingSecret, "the build of \(request.ref) needs \(missing.joined(separator: ", "))",
                remedy: "Set \(missing.count == 1 ? "it" : "them") in the environment that Pinion is run in.")
        }
    }

    private final class Collected: Sendable {
        private let output = Mutex(BuildOutput())

        var collected: BuildOutput { output.withLock { $0 } }

        func receive(_ line: String) {
            output.withLock { $0.receive(line) }
        }
    }
}
