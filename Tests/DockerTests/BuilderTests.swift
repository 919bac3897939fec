import DeploymentModel
import FoundationEssentials
import JSON
import LoopbackServer
import Testing

@testable import Docker

@Suite("Builders")
struct BuilderTests {
    static let hex = String(repeating: "a", count: 64)

    func request(
        _ archive: String = "/none", hidden: HiddenEntries? = nil, target: String? = nil,
        options: BuildOptions = BuildOptions()
    ) throws -> BuildRequest {
        BuildRequest(
            ref: try ProcessorRef("a/b@1"), platform: .arm64, repository: try ImageReference("127.0.0.1:5000/a/b"),
            contextArchive: archive, dockerfile: "x/Dockerfile", hidden: hidden, args: ["B": "2", "A": "1 \"x\""],
            target: target, options: options)
    }

    @Test(
        "The time of a tag is UTC and can be read back", .tags(.small),
        arguments: [
            (0, "build-19700101000000-amd64"), (951_868_799, "build-20000229235959-amd64"),
            (1_709_251_200, "build-20240301000000-amd64"), (4_102_444_799, "build-20991231235959-amd64"),
        ])
    func tag(seconds: Int, expected: String) {
        let tag = BuildTag(secondsSinceEpoch: seconds, platform: .amd64)
        #expect(tag.description == expected)
        #expect(BuildTag(expected) == tag)
    }

    @Test(
        "Other tags are no build tags", .tags(.small),
        arguments: [
            "latest", "build-2024-amd64", "build-20240301000000-s390x", "build-20240301000000",
            "src-20240301000000-amd64",
        ])
    func otherTags(text: String) {
        #expect(BuildTag(text) == nil)
    }

    struct FixedPusher: LayoutPusher {
        func push(
            layout: String, to repository: ImageReference, mountingFrom sources: [ImageReference],
            report: @escaping @Sendable (String) -> Void
        ) async throws(Failure) -> Digest {
            guard let text = FileManager.default.contents(atPath: layout).map({ String(decoding: $0, as: UTF8.self) }),
                let digest = try? Digest(text)
            else { throw Failure(.imagePush, "no layout at \(layout)") }
            report("sent")
            return digest
        }
    }

    func buildx(
        _ executable: String = "docker", environment: [String: String?] = [:], platform: Platform = .arm64,
        isForTrying: Bool = false
    ) throws -> BuildxBuilder {
        let fake = try FakeEngine { _, _ in
            Reply(#"{"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#)
        }
        return BuildxBuilder(
            fake.client, executable: executable, environment: environment,
            registry: FixedRegistry(platform: platform), pusher: FixedPusher(), isForTrying: isForTrying)
    }

    @Test("buildx is asked for one platform, without attestations unless they are wanted", .tags(.small))
    func arguments() throws {
        #expect(
            try buildx().arguments(request(target: "runtime"), output: "o") == [
                "buildx", "build", "--platform", "linux/arm64", "--file", "x/Dockerfile", "--output", "o",
                "--provenance=false", "--sbom=false", "--progress=plain", "--pull",
                "--build-arg", "A=1 \"x\"", "--build-arg", "B=2", "--target", "runtime", "-",
            ])
    }

    @Test("Caches, attestations and the names of secrets are passed on", .tags(.small))
    func options() throws {
        let options = BuildOptions(
            cacheFrom: ["type=registry,ref=r/c"], cacheTo: ["type=inline"], secrets: ["TOKEN"],
            attestations: [.provenance])
        let arguments = try buildx().arguments(request(options: options), output: "o")
        #expect(arguments.contains("--provenance=true") && arguments.contains("--sbom=false"))
        for pair in [
            ["--cache-from", "type=registry,ref=r/c"], ["--cache-to", "type=inline"],
            ["--secret", "id=TOKEN,env=TOKEN"],
        ] {
            let index = try #require(arguments.firstIndex(of: pair[0]))
            #expect(arguments[index + 1] == pair[1])
        }
        // What is only tried goes nowhere.
        let tried = try buildx(isForTrying: true).arguments(request(options: options), output: "o")
        #expect(tried.contains("--provenance=false") && !tried.contains("--cache-to"))
        #expect(tried.contains("--cache-from"))
    }

    @Test("A secret without a value stops the build before it begins", .tags(.medium), .timeLimit(.minutes(1)))
    func missingSecret() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let script = try script("echo ran >&2; exit 1")
        defer { try? FileManager.default.removeItem(atPath: script.folder) }
        let options = BuildOptions(secrets: ["PINION_NO_SUCH_SECRET", "PINION_OTHER"])
        let builder = try buildx(script.path, environment: ["PINION_OTHER": "canary"])
        let lines = Lines()
        await expectFailure(.missingSecret, "needs PINION_NO_SUCH_SECRET") {
            try await builder.build(try request(archive.path, options: options), log: lines.append)
        }
        #expect(lines.all.isEmpty)
    }

    @Test("A secret reaches buildx in its environment alone", .tags(.medium), .timeLimit(.minutes(1)))
    func secret() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let script = try script(
            """
            case "$*" in *canary*) echo leaked >&2;; esac
            [ "$TOKEN" = canary ] && echo "has it" >&2
            exit 1
            """)
        defer { try? FileManager.default.removeItem(atPath: script.folder) }
        let lines = Lines()
        let builder = try buildx(script.path, environment: ["TOKEN": "canary"])
        let request = try request(archive.path, options: BuildOptions(secrets: ["TOKEN"]))
        await expectFailure(.imageBuild, "has it") { try await builder.build(request, log: lines.append) }
        #expect(lines.all == ["has it"])
    }

    @Test("The engine's own API refuses what only buildx can do", .tags(.medium), .timeLimit(.minutes(1)))
    func engineRefusesSecrets() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let fake = try FakeEngine { _, _ in Reply("{}") }
        let builder = EngineBuilder(fake.client, registry: FixedRegistry(), now: { 0 })
        await expectFailure(.imageBuild, "build.secrets") {
            try await builder.build(
                try request(archive.path, options: BuildOptions(secrets: ["TOKEN"]))
            ) { _ in }
        }
    }

    @Test("A pusher sends what buildx wrote, and its digest counts", .tags(.medium), .timeLimit(.minutes(1)))
    func pusher() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let script = try script(
            """
            while [ "$1" != --output ]; do shift; done
            dest="${2#*dest=}"; dest="${dest%%,*}"
            printf 'sha256:%s' \(Self.hex.replacing("a", with: "b")) > "$dest"
            """)
        defer { try? FileManager.default.removeItem(atPath: script.folder) }
        let lines = Lines()
        let built = try await buildx(script.path).build(try request(archive.path), log: lines.append)
        #expect(built.digest.hex == Self.hex.replacing("a", with: "b"))
        #expect(lines.all == ["push: sent"])
    }

    @Test("The driver is read from buildx's description", .tags(.small))
    func driver() {
        #expect(
            BuilderChoice.driver("Name: x\nDriver:           docker-container\nNodes:\nName: y") == "docker-container")
        #expect(BuilderChoice.driver("Name: x\n") == nil)
    }

    @Test("Base images are those of FROM lines with a digest, each once, in one order", .tags(.small))
    func bases() throws {
        let images = ["docker.io/library/alpine:3", "docker.io/library/python:3.12"].map { "\($0)@sha256:\(Self.hex)" }
        let lines = images.flatMap { image in
            [
                "#4 [1/2] FROM \(image)", "#4 [b 1/2] FROM \(image)", "#5 RUN echo FROM \(image)",
                "#6 [1/1] FROM scratch",
            ]
        }
        for lines in [lines, lines.reversed()] {
            var bases = BaseImages()
            for line in lines { bases.receive(line) }
            #expect(bases.images == (try images.map { try ImageReference($0) }))
        }
    }

    @Test(
        "A builder's words tell build, push and engine apart", .tags(.small),
        arguments: [
            ("failed to solve: process \"/bin/sh -c false\" did not complete", ErrorCode.imageBuild),
            ("failed to solve: failed to push 127.0.0.1:5000/a/b: connection refused", .imagePush),
            ("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", .docker),
            ("failed to receive status: rpc error: code = Unavailable desc = closing transport", .docker),
            ("failed to solve: Unavailable: error reading from server: EOF", .docker),
        ])
    func words(text: String, code: ErrorCode) throws {
        let failure = Failure(builder: "buildx", try request(), words: text, log: "log")
        #expect(failure.code == code)
        #expect(failure.message.contains(text))
        #expect(failure.detail == "log")
    }

    // MARK: The engine's API

    /// One protobuf field of bytes.
    static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [number << 3 | 2]
            + (bytes.count < 128 ? [UInt8(bytes.count)] : [UInt8(bytes.count & 127) | 128, UInt8(bytes.count >> 7)])
            + bytes
    }

    static func vertex(
        _ digest: String, _ name: String, started: Bool = true, completed: Bool = false, cached: Bool = false,
        error: String = ""
    ) -> [UInt8] {
        field(
            1,
            field(1, Array(digest.utf8)) + field(3, Array(name.utf8)) + (cached ? [4 << 3, 1] : [])
                + (started ? field(5, [8, 1]) : []) + (completed ? field(6, [8, 1]) : [])
                + (error.isEmpty ? [] : field(7, Array(error.utf8))))
    }

    static func log(_ digest: String, _ text: String) -> [UInt8] {
        field(3, field(1, Array(digest.utf8)) + [3 << 3, 1] + field(4, Array(text.utf8)))
    }

    @Test("BuildKit's progress reads like buildx's", .tags(.small))
    func trace() {
        var trace = BuildTrace()
        #expect(trace.receive(Self.vertex("a", "[1/2] FROM x", started: false)) == [])
        #expect(
            trace.receive(Self.vertex("a", "[1/2] FROM x", completed: true, cached: true)) == [
                "#1 [1/2] FROM x", "#1 CACHED",
            ])
        #expect(
            trace.receive(Self.vertex("b", "[2/2] RUN y") + Self.log("b", "one\ntw")) == ["#2 [2/2] RUN y", "#2 one"])
        #expect(trace.receive(Self.log("b", "o\nthree")) == ["#2 two"])
        #expect(
            trace.receive(Self.vertex("b", "[2/2] RUN y", completed: true, error: "exit 1")) == [
                "#2 three", "#2 ERROR: exit 1",
            ])
        #expect(trace.receive(Self.vertex("b", "[2/2] RUN y", completed: true)) == [])
    }

    @Test("Bytes that are no protobuf give no lines and no crash", .tags(.small))
    func noise() {
        var generator = SystemRandomNumberGenerator()
        var trace = BuildTrace()
        for length in 0..<500 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(trace.receive(bytes).count <= length)
        }
        #expect(trace.receive([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]) == [])
    }

    @Test(
        "The engine builds from the archive, then pushes, and the registry confirms", .tags(.medium),
        .timeLimit(.minutes(1)))
    func engine() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let base = "127.0.0.1:5000/base:1@sha256:\(Self.hex)"
        let aux = Data(Self.vertex("a", "[1/1] FROM \(base)", completed: true)).base64EncodedString()
        let fake = try FakeEngine { request, path in
            path.hasPrefix("/build?")
                ? Reply(
                    "{\"id\":\"moby.buildkit.trace\",\"aux\":\"\(aux)\"}\n{\"id\":\"moby.image.id\",\"aux\":{\"ID\":\"x\"}}\n"
                )
                : path.hasPrefix("/images/127.0.0.1:5000/a/b/push")
                    ? Reply("{\"aux\":{\"Digest\":\"sha256:\(Self.hex)\"}}") : nil
        }
        let lines = Lines()
        let registry = FixedRegistry(platform: .arm64, pushed: try Digest("sha256:\(Self.hex)"))
        let builder = EngineBuilder(fake.client, registry: registry, now: { 0 })
        let built = try await builder.build(try request(archive.path), log: lines.append)
        #expect(built.digest.hex == Self.hex)
        #expect(
            fake.server.requests.contains {
                $0.target.contains("/push?tag=build-19700101000000-arm64")
            })
        #expect(built.bases == [try ImageReference(base)])
        #expect(lines.all == ["#1 [1/1] FROM \(base)", "#1 DONE"])
        let build = try #require(fake.server.requests.first { $0.target.contains("/build?") })
        #expect(build.body.count == 512 * 4)
        #expect(build.target.contains("version=2&platform=linux%2Farm64"))
        #expect(build.target.contains("SOURCE_DATE_EPOCH%22%3A%220%22"))
    }

    @Test("An engine without BuildKit for us builds with the classic builder", .tags(.medium), .timeLimit(.minutes(1)))
    func classic() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let fake = try FakeEngine { request, path in
            guard path.hasPrefix("/build") else { return Reply("{}") }
            return request.target.contains("version=2")
                ? Reply(
                    #"{"errorDetail":{"message":"dial tcp: lookup build-context-5pf on 1.2.3.4:53: no such host"}}"#)
                : Reply(#"{"stream":"Step 1/1 : FROM scratch\n"}"#)
        }
        let lines = Lines()
        let builder = EngineBuilder(fake.client, registry: FixedRegistry(platform: .arm64), now: { 0 })
        let built = try await builder.build(try request(archive.path), log: lines.append)
        #expect(built.digest == FixedRegistry().pushed)
        #expect(lines.all.last == "Step 1/1 : FROM scratch")
        let builds = fake.server.requests.filter { $0.target.contains("/build?") }
        #expect(builds.count == 2 && builds[1].target.contains("version=1"))
        #expect(builds[1].target.contains("TARGETARCH%22%3A%22arm64"))
        #expect(builds.map(\.body.count) == [512 * 4, 512 * 4])
    }

    @Test("When the classic builder fails too, buildx is what is missing", .tags(.medium), .timeLimit(.minutes(1)))
    func classicFails() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let fake = try FakeEngine { request, _ in
            let words = request.target.contains("version=2") ? "BuildKit is not enabled" : "No such image: x"
            return Reply(#"{"errorDetail":{"message":"\#(words)"}}"#)
        }
        let builder = EngineBuilder(fake.client, registry: FixedRegistry(), now: { 0 })
        await expectFailure(.imageBuild, "No such image: x") {
            try await builder.build(try request(archive.path)) { _ in }
        } check: {
            #expect($0.remedy?.contains("buildx") == true)
        }
    }

    @Test("A build that the registry knows for another platform is refused", .tags(.medium), .timeLimit(.minutes(1)))
    func wrongPlatform() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let fake = try FakeEngine { _, _ in Reply("{\"aux\":{\"Digest\":\"sha256:\(Self.hex)\"}}") }
        let builder = EngineBuilder(fake.client, registry: FixedRegistry(platform: .amd64), now: { 0 })
        await expectFailure(.imagePlatform, "was built for arm64 and is for amd64") {
            try await builder.build(try request(archive.path)) { _ in }
        }
    }

    @Test(
        "A failed build carries the engine's words and the end of its output", .tags(.medium), .timeLimit(.minutes(1)))
    func failed() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let fake = try FakeEngine { _, _ in
            Reply(
                "{\"stream\":\"Step 1\\n\"}\n{\"errorDetail\":{\"message\":\"no such file\"},\"error\":\"no such file\"}\n"
            )
        }
        let builder = EngineBuilder(fake.client, registry: FixedRegistry(), now: { 0 })
        await expectFailure(.imageBuild, "a/b@1 (arm64) can't be built by the Docker engine: no such file") {
            try await builder.build(try request(archive.path)) { _ in }
        } check: {
            #expect($0.detail == "Step 1")
        }
    }

    // MARK: buildx, with a program that plays it

    /// A shell script in place of docker.
    func script(_ text: String) throws -> (path: String, folder: String) {
        let folder = FileManager.default.temporaryDirectory.path + "/pinion-docker-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = folder + "/docker"
        #expect(FileManager.default.createFile(atPath: path, contents: Data("#!/bin/sh\n\(text)\n".utf8)))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return (path, folder)
    }

    @Test("buildx gets the archive on stdin and constant times", .tags(.medium), .timeLimit(.minutes(1)))
    func buildxInput() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let script = try script(
            """
            echo "#1 epoch $SOURCE_DATE_EPOCH" >&2
            echo "#2 bytes $(wc -c | tr -d ' ')" >&2
            printf 'no line end' >&2
            exit 1
            """)
        defer { try? FileManager.default.removeItem(atPath: script.folder) }
        let lines = Lines()
        await expectFailure(.imageBuild, "no line end") {
            try await buildx(script.path).build(try request(archive.path), log: lines.append)
        }
        #expect(lines.all == ["#1 epoch 0", "#2 bytes 2048", "no line end"])
    }

    @Test("A buildx that fails gives its ERROR line and the end of its output", .tags(.medium), .timeLimit(.minutes(1)))
    func buildxFails() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let script = try script("echo '#1 RUN false' >&2; echo 'ERROR: failed to solve: exit code: 1' >&2; exit 1")
        defer { try? FileManager.default.removeItem(atPath: script.folder) }
        let builder = try buildx(script.path)
        await expectFailure(.imageBuild, "exit code: 1") {
            try await builder.build(try request(archive.path)) { _ in }
        } check: {
            #expect($0.detail == "#1 RUN false\nERROR: failed to solve: exit code: 1")
        }
    }

    @Test("A docker that is not there, and a context that is not, are errors", .tags(.medium), .timeLimit(.minutes(1)))
    func buildxMute() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        await expectFailure(.docker, "is not installed") {
            try await buildx("pinion-no-such-docker").build(try request(archive.path)) { _ in }
        }
        await expectFailure(.imageBuild, "can't be read") { try await buildx("true").build(try request()) { _ in } }
    }

    @Test("Cancelling ends the program", .tags(.medium), .timeLimit(.minutes(1)))
    func buildxCancelled() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let script = try script("trap 'exit 3' TERM; echo started >&2; while :; do sleep 0.01; done")
        defer { try? FileManager.default.removeItem(atPath: script.folder) }
        let builder = try buildx(script.path)
        let (started, signal) = AsyncStream<Void>.makeStream()
        let request = try request(archive.path)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await expectFailure(.imageBuild, "was cancelled") {
                    try await builder.build(request) { _ in signal.yield() }
                }
            }
            for await _ in started { break }
            group.cancelAll()
        }
    }

    @Test("The choice follows buildx, its driver and the engine's store", .tags(.medium), .timeLimit(.minutes(1)))
    func choice() async throws {
        let (docker, container) = (try script("echo 'Driver: docker'"), try script("echo 'Driver: docker-container'"))
        defer {
            for script in [docker, container] { try? FileManager.default.removeItem(atPath: script.folder) }
        }
        let modern = try FakeEngine { _, _ in
            Reply(#"{"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#)
        }
        let older = try FakeEngine { _, _ in
            Reply(#"{"Driver":"overlay2","DriverStatus":[["Backing Filesystem","extfs"]]}"#)
        }
        #expect(try await BuilderChoice.find(modern.client, executable: docker.path) == .buildx)
        #expect(try await BuilderChoice.find(older.client, executable: docker.path) == .engine)
        #expect(try await BuilderChoice.find(older.client, executable: container.path) == .buildx)
        #expect(try await BuilderChoice.find(modern.client, executable: "false") == .engine)
    }
}
