import Adapters
import DeploymentModel
import Docker
import FoundationEssentials
import Git
import OCI
import RegistryCatalog

/// Builds what the loop is about, keeps it running, and tests it.
actor DevWorkshop {
    private struct Image {
        let key: InputKey
        let name: ImageReference
        /// The engine's.
        let id: String
    }

    private let engine: DockerEngine
    private let builder: any ImageBuilder
    private let contexts: GitContextSource
    private let surroundings: RunSurroundings
    private let isVerbose: Bool
    private let mark = RunMark.ofThisProcess
    private let style = Style.standardError
    private var images: [ProcessorRef: Image] = [:]
    /// All names that builds were given, one a processor, and one more for each that was broken off: an engine with
    /// containerd's store collects its garbage with each name that goes, which takes seconds where it holds much.
    private var names: Set<ImageReference> = []
    /// Those that no build has. The engine may give a build's image its name after the build was broken off, so that name is
    /// no later build's.
    private var freeNames: [ProcessorRef: ImageReference] = [:]
    /// The ids of images whose name is another's now.
    private var stale: Set<String> = []
    private var containers: [ProcessorRef: KeptContainer] = [:]

    init(
        _ repository: GitRepository, _ folder: TemporaryFolder, _ settings: BuilderSettings, isVerbose: Bool
    ) async throws(Failure) {
        let logins = try DockerCredentials.reading(environment: ProcessInfo.processInfo.environment)
        engine = try .ofUser()
        // Nothing is pushed: the OCI registry is never spoken to.
        builder = try await settings.builder(engine.client, logins, OCIRegistryClient(credentials: logins))
        contexts = GitContextSource(repository, temporaryFolder: folder.path)
        surroundings = RunSurroundings(world: try await LocalWorld(at: folder.path + "/world"))
        self.isVerbose = isVerbose
        _ = try await engine.removeLeftovers()
    }

    /// Builds a processor, starts it and tests it, and keeps its container until the task is cancelled.
    ///
    /// - Parameters:
    ///   - previous: the run of the same processor before this one, which is ending.
    ///   - start: when the change was noticed.
    func run(_ target: DevTarget, after previous: Task<Void, Never>?, since start: ContinuousClock.Instant) async {
        let ref = target.processor.ref
        var watch = Stopwatch(start)
        var step = "build"
        do throws(Failure) {
            let image = try await image(of: target)
            watch.lap("build")
            step = "smoke"
            let adapter = LocalAdapter(engine: engine, surroundings: surroundings, mark: mark)
            try await adapter.keeping(target.processor, image.id, .host) { [watch] adapter, kept throws(Failure) in
                var watch = watch
                watch.lap("start")
                await self.note(kept, of: ref)
                try await self.test(target, image, by: adapter, at: kept, &watch)
                await previous?.value
                await self.removeStale()
                // Until the next change, which cancels it.
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(86_400)) }
            }
        } catch {
            guard !Task.isCancelled else { return }
            Output.note(
                "\(style.red("✗")) \(style.bold(ref.description))  \(step)  \(style.dim(watch.total))\n"
                    + FailureText(error, style: style, indent: "    ").text)
        }
    }

    private func note(_ kept: KeptContainer, of ref: ProcessorRef) { containers[ref] = kept }

    private func test(
        _ target: DevTarget, _ image: Image, by adapter: LocalAdapter, at kept: KeptContainer, _ watch: inout Stopwatch
    ) async throws(Failure) {
        let live = LiveText(style: style)
        let request = SmokeRequest(
            processor: target.processor, image: image.name, platform: .host,
            executionID: ExecutionID.random().description, build: image.id)
        let envelope: Envelope
        do throws(Failure) {
            envelope = try await ProcessorSmokeTester(local: adapter, registry: target.registry).envelope(
                of: request
            ) { warning in
                live.endLine()
                Output.note("\(style.yellow("warning:")) \(warning.printable)")
            } report: {
                live.show($0)
            }
        } catch {
            live.endLine()
            throw error
        }
        watch.lap("smoke")
        live.endLine()
        let out = Style.standardOutput
        Output.view(
            "\(out.green("✓")) \(out.bold(target.processor.ref.description))  \(watch.total)"
                + out.dim("  \(watch.laps)  \(kept.origin)"))
        for output in envelope.outputs { await show(output) }
    }

    /// An output's path and size, and how it begins where it is a text.
    private func show(_ output: Envelope.Output) async {
        let style = Style.standardOutput
        let name = output.path.text.split(separator: "/").dropFirst(3).joined(separator: "/")
        let facts = [output.mime, output.sizeBytes.map { "\($0) B" }].compactMap(\.self).joined(separator: "  ")
        Output.view("  \(name.printable)  \(style.dim(facts.printable))")
        guard let mime = output.mime, mime.hasPrefix("text/") || mime.hasPrefix("application/json"),
            let id = output.contentID, let artifact = try? await surroundings.world.artifact(id),
            let data = FileManager.default.contents(atPath: artifact.file)
        else { return }
        let lines = String(decoding: data.prefix(4096), as: UTF8.self).split(whereSeparator: \.isNewline)
        for line in lines.prefix(8) { Output.view("    \(String(line.prefix(200)).printable)") }
        if lines.count > 8 || data.count > 4096 { Output.view(style.dim("    …")) }
    }

    /// The image of what a processor is now, built unless it is the one that was built last.
    private func image(of target: DevTarget) async throws(Failure) -> Image {
        let ref = target.processor.ref
        let repository = target.recipe.repository
        if let known = images[ref], known.key == target.key, try await engine.imageID(of: known.name) == known.id {
            return known
        }
        let name = freeNames.removeValue(forKey: ref) ?? repository.tagged(mark.tag(names.count))
        if names.insert(name).inserted { try await engine.removeLeftovers(in: repository) }
        let context = try await contexts.archive(of: target.recipe)
        defer { try? FileManager.default.removeItem(atPath: context.path) }
        let request = BuildRequest(
            ref: ref, platform: .host, repository: repository, contextArchive: context.path,
            dockerfile: context.dockerfile, hidden: context.hidden, args: target.recipe.args,
            target: target.recipe.target, options: target.recipe.options)
        let (show, style) = (Output.details(areShown: isVerbose), style)
        try await builder.build(request, as: [name]) { show(style.dim("  \($0.printable)")) }
        guard let id = try await engine.imageID(of: name) else {
            throw Failure(.imageBuild, "\(ref) was built, and the engine does not hold it")
        }
        if let old = images[ref], old.id != id { stale.insert(old.id) }
        stale.remove(id)
        freeNames[ref] = name
        let image = Image(key: target.key, name: name, id: id)
        images[ref] = image
        return image
    }

    /// Removes images whose name is another's now; of one whose container is still there it is tried again later.
    private func removeStale() async {
        for id in stale where (try? await engine.removeImage(id)) != nil { stale.remove(id) }
    }

    /// Removes all images of the loop; to be called when nothing of it runs any longer.
    func removeImages() async {
        let (engine, names) = (engine, names)
        // The name goes at once; the garbage that the engine collects then need not be waited for.
        _ = await Limited.value(within: .seconds(2)) {
            await withTaskGroup(of: Void.self) { group in
                for name in names { group.addTask { try? await engine.untag(name) } }
            }
            await self.removeStale()
        }
    }

    func showLogs(of refs: [ProcessorRef]) async {
        for ref in refs {
            guard let kept = containers[ref], (try? await engine.state(of: kept.id)) == .running,
                let log = try? await engine.logTail(of: kept.id, lines: 50)
            else {
                Output.note("\(style.bold(ref.description))  does not run")
                continue
            }
            Output.note("\(style.bold(ref.description))  \(style.dim(kept.origin))")
            let lines = log.split(whereSeparator: \.isNewline)
            if lines.isEmpty { Output.note(style.dim("    it wrote nothing so far")) }
            for line in lines { Output.note("    " + String(line).printable) }
        }
    }
}

/// Measures the parts of a time.
private struct Stopwatch: Sendable {
    private let start: ContinuousClock.Instant
    private var last: ContinuousClock.Instant
    private(set) var laps = ""

    init(_ start: ContinuousClock.Instant) {
        self.start = start
        last = start
    }

    mutating func lap(_ name: String) {
        let now = ContinuousClock.now
        laps += (laps.isEmpty ? "" : ", ") + "\(name) \(Self.seconds(now - last))"
        last = now
    }

    var total: String { Self.seconds(.now - start) }

    private static func seconds(_ time: Duration) -> String {
        let hundredths = Int((time / .seconds(1) * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
    }
}
