import DeploymentModel
import FoundationEssentials
import JSON
import TestSupport
import Testing

/// The seeds' command lines, with `pinion` in place of `python manage.py`.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct LocalctlTests {
    private func localctl(
        _ arguments: [String], _ sample: Sample, environment: [String: String?] = [:]
    ) async throws -> Pinion.Outcome {
        let takesRepository = ["start", "run"].contains(arguments[0])
        return try await Pinion.run(
            ["localctl"] + arguments + (takesRepository ? ["--repo", sample.path] : []), environment: environment)
    }

    @Test func `start, run, stop, status, logs and url do one thing each`() async throws {
        try await Sample.with(["llm_litellm"]) { sample in
            #expect(try await sample.reconcile().succeeded())
            let ref = "\(sample.namespace)/litellm@1"
            #expect(try await localctl(["stop", "--ref", ref], sample).succeeded())
            let early = try await localctl(["run", "--ref", ref, "--mode", "mock"], sample)
            #expect(early.exitCode == 1)
            #expect(early.stderr.contains("pinion localctl start --ref \(ref)"))

            let canary = "sk-canary-\(UUID().uuidString)"
            let started = try await localctl(
                ["start", "--ref", ref, "--json"], sample, environment: ["OPENAI_API_KEY": canary])
            #expect(started.exitCode == 0, "\(started.stderr)")
            #expect(!started.stdout.contains(canary) && !started.stderr.contains(canary))
            #expect(try started.json()["reused"] == false)
            let again = try await localctl(
                ["start", "--ref", ref, "--json"], sample, environment: ["OPENAI_API_KEY": canary])
            #expect(try again.json()["reused"] == true)
            #expect(try again.json()["id"] == started.json()["id"])

            let url = try await localctl(["url", "--ref", ref], sample).stdout
            #expect(try started.json()["url"]?.stringValue.map { $0 + "\n" } == url)
            #expect(try await localctl(["status"], sample).stdout.contains(ref))

            let ran = try await localctl(
                ["run", "--ref", ref, "--platform", "\(Platform.host)", "--mode", "mock", "--json"], sample)
            #expect(ran.exitCode == 0, "\(ran.stderr)")
            #expect(try ran.json()["status"] == "success")
            #expect(try ran.json()["outputs"]?.arrayValue?.allSatisfy { $0["cid"] != nil } == true)
            #expect(!ran.stdout.contains(canary))
            #expect(try await localctl(["logs", "--ref", ref], sample).succeeded())

            #expect(try await localctl(["stop", "--ref", ref], sample).stdout.contains("stopped"))
            #expect(try await sample.containers().isEmpty)
        }
    }

    @Test func `exit codes tell what kind of failure it was`() async throws {
        try await Sample.with([], more: [:]) { sample in
            for (arguments, environment, code) in [
                (["localctl", "start", "--ref", "a/b@1", "--repo", sample.path], [:], 4),
                (["conformance", "a/b@1", "--repo", sample.path], [:], 4),
                (["localctl", "status"], ["DOCKER_HOST": "unix:///nowhere/docker.sock"], 69),
                (["localctl", "url", "--ref", "a/b@1"], [:], 1),
                (["run", "--ref", "a/b@1", "--mode", "mock", "--repo", sample.path], [:], 4),
                (["localctl", "start"], [:], 64),
            ] as [([String], [String: String?], Int)] {
                let outcome = try await Pinion.run(arguments, environment: environment)
                #expect(outcome.exitCode == code, "\(arguments): \(outcome.stderr)")
            }
        }
    }

    @Test func `the newest local build runs with --build, and --build=now makes one first`() async throws {
        try await Sample.with(["text_stats"]) { sample in
            #expect(try await sample.reconcile().succeeded())
            let ref = "\(sample.namespace)/stats@1"
            let run = ["run_processor", "--ref", ref, "--mode", "mock", "--json", "--repo", sample.path]
            let none = try await Pinion.run(run + ["--build"])
            #expect(none.exitCode == 1)
            #expect(none.stderr.contains("error[ERR_IMAGE_BUILD]"))

            try await sample.fixture.commit(["registry/processors/\(sample.namespace)_stats/app/more.py": "# more\n"])
            let built = try await Pinion.run(run + ["--build=now"])
            #expect(built.exitCode == 0, "\(built.stderr)")
            let newest = try built.json()["meta"]?["image_digest"]
            #expect(try await Pinion.run(run + ["--build"]).json()["meta"]?["image_digest"] == newest)
            #expect(try await Pinion.run(run).json()["meta"]?["image_digest"] != newest, "without it, the pin runs")
            let ignored = try await Pinion.run(run + ["--build", "--adapter", "mock"])
            #expect(ignored.exitCode == 0 && ignored.stderr.contains("--build is ignored"))
        }
    }
}
