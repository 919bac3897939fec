import DeploymentModel
import LoopbackServer
import Synchronization
import Testing

@testable import Docker

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// When the engine's classic builder is asked, and when it is not.
@Suite("Classic builder", .tags(.medium), .timeLimit(.minutes(1)))
struct ClassicBuilderTests {
    /// An engine that builds with the classic builder alone.
    private func engine(store: String = "overlay2", _ build: @escaping @Sendable () -> Void = {}) throws -> FakeEngine {
        try FakeEngine { request, path in
            if path == "/info" {
                return Reply(#"{"Architecture":"x86_64","DriverStatus":[["driver-type","\#(store)"]]}"#)
            }
            guard path.hasPrefix("/build?") else { return Reply("{}") }
            guard request.target.contains("version=1") else {
                return Reply(#"{"errorDetail":{"message":"BuildKit is not enabled"}}"#)
            }
            build()
            return Reply(#"{"stream":"Step 1/1 : FROM scratch\n"}"#)
        }
    }

    private func builder(_ fake: FakeEngine) -> EngineBuilder {
        EngineBuilder(fake.client, registry: FixedRegistry(platform: .arm64), now: { 0 })
    }

    @Test("A Dockerfile that its build must not see is for the classic builder, which hides it")
    func hidden() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch"), (".dockerignore", "*")])
        let fake = try engine()
        let hidden = HiddenEntries(["x/Dockerfile", ".dockerignore"], areIgnored: true)
        _ = try await builder(fake).build(try BuilderTests().request(archive.path, hidden: hidden)) { _ in }
        let builds = fake.calls.filter { $0.contains("/build?") }
        #expect(builds.count == 1 && builds[0].contains("version=1"), "\(builds)")
    }

    @Test("A Dockerfile that nothing in the engine would hide is not built at all")
    func seen() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch"), (".dockerignore", "")])
        let fake = try engine()
        let hidden = HiddenEntries(["x/Dockerfile"], areIgnored: false)
        await expectFailure(.imageBuild, "would show the Dockerfile of a/b@1 to its build") {
            try await builder(fake).build(try BuilderTests().request(archive.path, hidden: hidden)) { _ in }
        } check: {
            #expect($0.remedy?.contains("buildx") == true)
        }
        #expect(!fake.calls.contains { $0.contains("/build?") })
    }

    @Test("With containerd's store it is not asked for a platform that is not the engine's own")
    func otherPlatform() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let fake = try engine(store: "io.containerd.snapshotter.v1")
        await expectFailure(.imageBuild, "it builds for x86_64 alone") {
            try await builder(fake).build(try BuilderTests().request(archive.path)) { _ in }
        } check: {
            #expect($0.remedy == "Install the buildx plugin of Docker.")
        }
        #expect(!fake.calls.contains { $0.contains("version=1") })
    }

    @Test("It builds one image at a time: two platforms at once take each other's steps")
    func turns() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch")])
        let counts = Counts()
        let fake = try engine {
            counts.begin()
            usleep(50_000)
            counts.end()
        }
        let builder = builder(fake)
        let request = try BuilderTests().request(archive.path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { _ = try await builder.build(request) { _ in } } }
            try await group.waitForAll()
        }
        #expect(fake.calls.count { $0.contains("version=1") } == 4)
        #expect(counts.largest == 1)
    }

    /// How many are at it, and how many were at once.
    private final class Counts: Sendable {
        private let state = Mutex((now: 0, largest: 0))

        var largest: Int { state.withLock { $0.largest } }

        func begin() { state.withLock { $0 = ($0.now + 1, max($0.largest, $0.now + 1)) } }

        func end() { state.withLock { $0.now -= 1 } }
    }
}
