import DeploymentModel
import FoundationEssentials
import Git
import JSON
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Engines that go away, lack what they should have, or have no room: named in words, and nothing half done.
@Suite(.tags(.large), .enabled(if: Components.areThere), .timeLimit(.minutes(10)))
struct EngineWeatherTests {
    /// The code and the words of a run's failures.
    private func failures(_ run: Pinion.Outcome) throws -> [(code: String, message: String)] {
        let entries = try run.json()["entries"]?.arrayValue ?? []
        return entries.flatMap { $0["failures"]?.arrayValue ?? [] }.map {
            ($0["code"]?.stringValue ?? "", $0["message"]?.stringValue ?? "")
        }
    }

    @Test func `an engine that ends in the midst of a build is named, nothing is pinned, and the next run carries on`()
        async throws
    {
        // The word is the step's output and stands nowhere in the Dockerfile.
        var more = RemoteJobs.processor("cut", lines: "COPY --from=work /done /done")
        let path = "registry/processors/NS_cut/Dockerfile"
        more[path] = """
            FROM --platform=$BUILDPLATFORM \(Components.registry)/pinion/python:3 AS work
            RUN ["python3", "-c", "print('NS half' + 'way', flush=True); import time; time.sleep(5); open('/done', 'w')"]
            \(more[path] ?? "")
            """
        try await Sample.with([], more: more) { sample in
            let tip = try await sample.fixture.repository.commit(at: "main").id
            let run = try await EngineProxy.with(endingAt: "\(sample.namespace) halfway") { host in
                try await sample.reconcile("--json", environment: ["DOCKER_HOST": host])
            }
            #expect(run.exitCode == 1, "\(run.stderr)")
            let failures = try failures(run)
            #expect(!failures.isEmpty)
            #expect(failures.allSatisfy { $0.code == "ERR_DOCKER" }, "\(failures) \(run.stderr)")
            #expect(try await sample.fixture.repository.commit(at: "main").id == tip)
            #expect(try await sample.fixture.repository.target(of: "refs/pinion/builds") == nil)

            let next = try await sample.reconcile("--json")
            #expect(next.exitCode == 0, "\(next.stderr)")
            #expect(try next.json()["counts"]?["build"]?.intValue == 2)
            #expect(try await sample.containers().count == 1)
        }
    }

    @Test func `without buildx the engine builds a true pair by itself, or nothing is pinned`() async throws {
        try await Sample.with([], more: RemoteJobs.processor("plain")) { sample in
            let run = try await NoBuildx.with { try await sample.reconcile("--json", environment: $0) }
            if run.exitCode == 0 {
                #expect(try run.json()["counts"]?["build"]?.intValue == 2)
                #expect(try await sample.containers().count == 1)
            } else {
                // The classic builder is not asked for what it would take the wrong base for.
                let failures = try failures(run)
                #expect(!failures.isEmpty)
                #expect(
                    failures.allSatisfy { $0.code == "ERR_IMAGE_BUILD" && $0.message.contains("builds for") },
                    "\(run.stderr)")
                let text = try await sample.fixture.text(sample.spec("plain"))
                #expect(text?.contains("amd64: sha256:pending") == true, "both or neither")
                #expect(try await sample.containers().isEmpty)
            }
            let next = try await sample.reconcile("--json")
            #expect(next.exitCode == 0, "\(next.stderr)")
        }
    }

    #if os(Linux)
        @Test(.enabled(if: geteuid() == 0, "a file system of its own takes root"), arguments: [4, 512])
        func `a full disk is named, nothing is pinned, and the next run carries on`(kibibytes: Int) async throws {
            try await Sample.with([], more: RemoteJobs.processor("full")) { sample in
                let tip = try await sample.fixture.repository.commit(at: "main").id
                let folder = try TemporaryFolder()
                let mounted = "mount -t tmpfs -o size=\(kibibytes)k none \"$TMPDIR\" && exec \"$@\""
                let run = try await Pinion.run(
                    "unshare",
                    ["-m", "sh", "-c", mounted, "sh", Pinion.program, "reconcile", "--json", "--repo", sample.path],
                    environment: ["TMPDIR": folder.path])
                #expect(run.exitCode == 1, "\(run.stderr)")
                let failures = try failures(run)
                #expect(!failures.isEmpty)
                #expect(failures.allSatisfy { $0.code == "ERR_IMAGE_BUILD" }, "\(failures)")
                #expect(
                    failures.allSatisfy { $0.message.lowercased().contains("no space left on device") }, "\(failures)")
                #expect(try await sample.fixture.repository.commit(at: "main").id == tip)
                #expect(try await sample.containers().isEmpty)
                #expect(try await sample.reconcile().succeeded())
            }
        }
    #endif
}
