import DeploymentModel
import OCI
import Testing

@testable import Docker

@Suite(
    "Builds on a real engine", .tags(.large), .timeLimit(.minutes(5)), .serialized,
    .enabled(if: wantsRealServices, "set PINION_REAL=1 to run against the services of .ci/services"))
struct RealBuildTests {
    let real: RealEngine

    init() throws {
        real = try RealEngine()
    }

    @Test("Both platforms build, are what they say, and the same inputs give the same digest")
    func pair() async throws {
        var built: [BuiltImage] = []
        for platform in Platform.allCases {
            let lines = Lines()
            let (request, archive) = try real.request(platform, args: ["GREETING": "hello, \"world\" $x"])
            let first = try await real.build(request) { lines.append($0) }
            built.append(first)
            let second = try await real.build(request)
            built.append(second)
            #expect(second.digest == first.digest)
            #expect(try await real.registry.platform(of: real.repository.pinned(to: first.digest)) == platform)
            #expect(lines.all.contains { $0.contains("COPY hello.txt") })
            #expect(first.bases.map(\.repository) == [real.base.repository])
            #expect(first.bases.first?.digest != nil)
            withExtendedLifetime(archive) {}
        }
        #expect(Set(built.map(\.digest)).count == 2)
        await real.cleanUp(built)
    }

    @Test("File times don't count: a build without cache gives the same digest, and its base is shared, not sent")
    func reproducible() async throws {
        guard try await BuilderChoice.find(real.client) == .buildx else {
            print("not run: the engine at \(real.client.address.text) has no buildx that fits")
            return
        }
        // What RUN writes, and the folder that COPY makes, carry the time of the build.
        let steps = [
            "FROM \(real.base)", "COPY hello.txt /opt/new/hello.txt",
            "RUN [\"python3\", \"-c\", \"open('/made', 'w').write('x')\"]", "",
        ]
        var built: [BuiltImage] = []
        for _ in 0..<2 {
            let lines = Lines()
            let (request, archive) = try real.request(.host, dockerfile: steps.joined(separator: "\n"))
            let builder = BuildxBuilder(
                real.client, registry: real.registry, pusher: real.registry, usesCache: false)
            built.append(try await builder.build(request, log: lines.append))
            #expect(
                lines.all.contains { $0.hasPrefix("push: ") && ($0.contains("taken over") || $0.contains("already")) })
            withExtendedLifetime(archive) {}
        }
        #expect(Set(built.map(\.digest)).count == 1)
        #expect(try await real.registry.tags(of: real.repository) == [])
        await real.cleanUp(built)
    }

    @Test(
        "A local build is the image that would be pushed, under its names and nowhere else",
        arguments: Platform.allCases)
    func local(platform: Platform) async throws {
        let (request, archive) = try real.request(platform)
        let names = ["build-20240301000000-\(platform)", "src-x-\(platform)"].map { real.repository.tagged($0) }
        try await real.builder().build(request, as: names) { _ in }
        #expect(try await Set(real.client.images(of: real.repository)) == Set(names))
        #expect(try await real.client.image(names[1])?.architecture == platform.rawValue)
        #expect(try await real.registry.tags(of: real.repository) == [])
        try await real.engine.push(names[0]) { _ in }
        let digest = try #require(try await real.registry.platforms(of: names[0])[platform]?.digest)
        let built = try await real.build(request)
        if try await BuilderChoice.find(real.client) == .buildx { #expect(digest == built.digest) }
        #expect(try await real.registry.platform(of: real.repository.pinned(to: digest)) == platform)
        for name in names { try await real.engine.untag(name) }
        await real.cleanUp([built, BuiltImage(digest: digest)])
        withExtendedLifetime(archive) {}
    }

    @Test("Provenance travels beside the image, which stays the same and is never mistaken for it")
    func attestation() async throws {
        guard try await BuilderChoice.find(real.client) == .buildx else {
            print("not run: the engine at \(real.client.address.text) has no buildx that fits")
            return
        }
        let (request, archive) = try real.request(.host)
        let plain = try await real.build(request)
        let attested = try await real.build(
            BuildRequest(
                ref: request.ref, platform: .host, repository: request.repository, contextArchive: archive.path,
                dockerfile: request.dockerfile, args: [:], target: nil,
                options: BuildOptions(attestations: [.provenance])))
        #expect(attested.digest == plain.digest && plain.index == nil)
        let index = try #require(attested.index)
        let found = try await real.registry.platforms(of: real.repository.pinned(to: index))
        #expect(found == [.host: real.repository.pinned(to: plain.digest)])
        await expectFailure(.imagePlatform, "index") {
            try await real.registry.platform(of: real.repository.pinned(to: index))
        }
        await real.cleanUp([plain, BuiltImage(digest: index)])
        withExtendedLifetime(archive) {}
    }

    @Test("A failing step is a failed build with its words and the end of the output")
    func failing() async throws {
        let (request, archive) = try real.request(.host, dockerfile: "FROM \(real.base)\nCOPY nothing.txt /\n")
        await expectFailure(.imageBuild, "test/real@1") {
            try await real.build(request)
        } check: {
            #expect($0.message.contains("nothing.txt"))
            #expect($0.detail?.contains("nothing.txt") == true)
        }
        withExtendedLifetime(archive) {}
    }

    @Test("A base image that is not there is a failed build")
    func noBase() async throws {
        let (request, archive) = try real.request(.host, dockerfile: "FROM \(real.base.repository)-none:1\n")
        await expectFailure(.imageBuild, "none:1") { try await real.build(request) }
        withExtendedLifetime(archive) {}
    }

    @Test("A registry that is not there is a failed push")
    func noRegistry() async throws {
        let (good, archive) = try real.request(.host)
        let request = BuildRequest(
            ref: good.ref, platform: good.platform, repository: try ImageReference("127.0.0.1:9/none/none"),
            contextArchive: archive.path, dockerfile: good.dockerfile, args: [:], target: nil)
        do {
            _ = try await real.build(request)
            Issue.record("no failure")
        } catch let failure as Failure {
            // Whoever pushes, the engine or this process, says it in its own way.
            #expect(failure.code == .imagePush || failure.code == .network, "\(failure)")
        }
        for image in try await real.client.images(of: request.repository) { try await real.client.removeImage(image) }
    }

    @Test("Cancelling a build ends it")
    func cancel() async throws {
        let (request, archive) = try real.request(
            .host, dockerfile: "FROM \(real.base)\nRUN [\"python3\", \"-c\", \"import time; time.sleep(600)\"]\n")
        await withTaskGroup(of: Void.self) { group in
            let (started, signal) = AsyncStream<Void>.makeStream()
            group.addTask {
                do {
                    _ = try await real.build(request) { if $0.contains("time.sleep") { signal.yield() } }
                    Issue.record("the build ended by itself")
                } catch {}
            }
            for await _ in started { break }
            group.cancelAll()
        }
        withExtendedLifetime(archive) {}
    }
}
