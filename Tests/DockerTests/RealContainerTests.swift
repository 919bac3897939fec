import DeploymentModel
import HTTP
import JSON
import Testing

@testable import Docker

@Suite(
    "Containers on a real engine", .tags(.large), .timeLimit(.minutes(5)), .serialized,
    .enabled(if: wantsRealServices, "set PINION_REAL=1 to run against the services of .ci/services"))
struct RealContainerTests {
    let real: RealEngine

    init() throws {
        real = try RealEngine()
    }

    /// A built image, for as long as the body runs.
    func withImage(_ platform: Platform, _ body: (ImageReference) async throws -> Void) async throws {
        let (request, archive) = try real.request(platform, args: ["GREETING": "hi"])
        let built = try await real.build(request)
        withExtendedLifetime(archive) {}
        // The local tag goes, so that what runs has really been pulled.
        for name in try await real.client.images(of: real.repository) { try await real.client.removeImage(name) }
        do {
            try await body(real.repository.pinned(to: built.digest))
        } catch {
            Issue.record(error)
        }
        await real.cleanUp([built])
    }

    func spec(
        _ image: ImageReference, _ platform: Platform, memory: Int = 256 << 20, specHash: String = "sha256:x"
    ) throws -> ContainerSpec {
        ContainerSpec(
            name: "pinion-" + real.repository.path.replacing("/", with: "-"),
            processor: Processor(
                ref: try ProcessorRef("test/real@1"), specHash: specHash,
                runtime: RuntimeLimits(cpu: 64, memoryBytes: memory)),
            image: image.description, platform: platform, environment: ["EXTRA": "a b=c"])
    }

    @Test(
        "A container runs by digest, without privileges, serves on loopback, logs and goes",
        arguments: Platform.allCases)
    func life(platform: Platform) async throws {
        try await withImage(platform) { image in
            let id = try await real.engine.pull(image, platform: platform)
            #expect(try await real.engine.imageID(of: image) == id)
            #expect(try await real.engine.pull(image, platform: platform) == id)

            let (started, isNew) = try await real.engine.start(try spec(image, platform))
            #expect(isNew && started.isRunning && started.imageID == id && started.specHash == "sha256:x")
            let port = try #require(started.hostPort)
            let reply = try await HTTPClient.shared.fetch(
                HTTPRequest(.get, "http://127.0.0.1:\(port)/hello.txt"), upTo: 1000,
                retrying: Retrying(RetryPolicy(attempts: 60, base: .milliseconds(500), cap: .seconds(1))))
            #expect(reply.body == Array("hello".utf8))

            let listed = try await real.engine.containers().first { $0.id == started.id }
            #expect(listed == started)
            #expect(try await real.engine.state(of: started.id) == .running)
            #expect(try await real.engine.logTail(of: started.id, lines: 50).contains("GET /hello.txt"))

            let host = try await real.client.container(started.id)?["HostConfig"]
            #expect(host?["ReadonlyRootfs"]?.boolValue == true)
            #expect(host?["CapDrop"]?[0]?.stringValue == "ALL")
            #expect(host?["PortBindings"]?["8000/tcp"]?[0]?["HostIp"]?.stringValue == "127.0.0.1")

            let (second, isSecondNew) = try await real.engine.start(try spec(image, platform))
            #expect(second == started && !isSecondNew, "who comes second takes it")
            await expectFailure(.docker, "is there already") {
                try await real.engine.start(try spec(image, platform, specHash: "sha256:y"))
            }

            try await real.client.killContainer(started.id)
            #expect(try await real.client.waitForContainer(started.id) == 137)
            #expect(try await real.engine.state(of: started.id) == .exited(code: 137))
            try await real.engine.remove(started.id, graceSeconds: 0)
            try await real.engine.remove(started.id, graceSeconds: 0)
            #expect(try await real.engine.state(of: started.id) == nil)
        }
    }

    @Test("A container that can't start leaves nothing behind")
    func cannotStart() async throws {
        try await withImage(.host) { image in
            _ = try await real.engine.pull(image, platform: .host)
            // Less memory than the engine grants any container.
            await expectFailure(.docker) { try await real.engine.start(try spec(image, .host, memory: 4096)) }
            #expect(try await real.client.container(try spec(image, .host).name) == nil)
        }
    }

    @Test("An image of another platform, a tag, and one that is not there are refused")
    func refused() async throws {
        let digest = try Digest("sha256:" + String(repeating: "0", count: 64))
        await expectFailure(.imagePull, "can't be pulled") {
            try await real.engine.pull(real.repository.pinned(to: digest), platform: .host)
        }
        await expectFailure(.imageUnpinned) { try await real.engine.pull(real.base, platform: .host) }
        #expect(try await real.engine.imageID(of: real.repository.pinned(to: digest)) == nil)
        try await withImage(.arm64) { image in
            await expectFailure(.imagePlatform, "arm64") { try await real.engine.pull(image, platform: .amd64) }
        }
    }

    @Test("The engine tells what it is, and how containers reach this host")
    func information() async throws {
        #expect(try await real.client.version() >= EngineClient.oldest)
        #expect(try await real.client.information().processors > 0)
        #expect(try await real.engine.gatewayAddress()?.split(separator: ".").count == 4)
    }
}
