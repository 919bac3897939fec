import FoundationEssentials
import Git
import JSON
import TestSupport
import Testing

/// Lanes on a real Docker engine, a real OCI registry, and the stand-in of Modal.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct LaneRealTests {
    private static let pr = """
        environment: local
        changed_only: true
        steps:
          - validate
          - build: {platforms: [host]}
          - smoke: {adapter: local, image: build}
          - report: {junit: smoke.xml}
        """

    private static let local = "environment: local\nsteps: [validate, build, push, pin, smoke, deploy, record, drift]\n"

    private func lane(_ arguments: [String], _ sample: Sample, in folder: String) async throws -> Pinion.Outcome {
        try await Pinion.run(
            ["lane", "run"] + arguments + ["--repo", sample.path, "--junit", folder + "/smoke.xml"], in: folder)
    }

    private func repositories(_ sample: Sample) async throws -> String {
        let url = "http://\(Components.registry)/v2/\(sample.namespace)/\(sample.namespace)-stats/tags/list"
        return try await Pinion.run("curl", ["--silent", url]).stdout
    }

    @Test func `the lane pr builds and tests what changed, and leaves nothing anywhere`() async throws {
        try await Sample.with(["text_stats", "media_metadata"], more: ["pipelines/pr.yaml": Self.pr]) { sample in
            let folder = try TemporaryFolder()
            let base = try await sample.fixture.repository.commit(at: "main").id.hex
            let server = "registry/processors/\(sample.namespace)_stats/app/server.py"
            let text = try #require(try await sample.fixture.text(server))
            try await sample.fixture.commit([server: text + "\n# changed\n"])
            let passed = try await lane(["pr", "--base", base, "--json"], sample, in: folder.path)
            #expect(passed.exitCode == 0, "\(passed.stderr)")
            let report = try passed.json()
            #expect(report["selected"]?.arrayValue?.map { $0["ref"] } == [.string("\(sample.namespace)/stats@1")])
            #expect(report["steps"]?.arrayValue?.map { $0["text"] }.dropFirst() == ["1 done", "1 done"])
            #expect(report["tests"]?.arrayValue?.map { $0["adapter"] } == ["local"])

            // The same one broken: the failure is at its spec, and in the results.
            try await sample.fixture.commit([server: "raise SystemExit('broken on purpose')\n"])
            let failed = try await lane(["pr", "--base", base], sample, in: folder.path)
            #expect(failed.exitCode == 1)
            #expect(failed.stdout.contains("✗ smoke") && failed.stdout.contains("ERR_HEALTH"), "\(failed.stdout)")
            let results = try String(contentsOfFile: folder.path + "/smoke.xml", encoding: .utf8)
            #expect(results.contains("failures=\"1\"") && results.contains("broken on purpose"), "\(results)")

            // A build that fails is tested no more.
            let dockerfile = "registry/processors/\(sample.namespace)_stats/Dockerfile"
            try await sample.fixture.commit([dockerfile: "FROM scratch\nCOPY nothing /\n"])
            let unbuilt = try await lane(["pr", "--base", base, "--json"], sample, in: folder.path)
            #expect(unbuilt.exitCode == 1)
            #expect(try unbuilt.json()["state"] == "failed" && unbuilt.json()["tests"] == [])

            // Its annotation stands at the instruction that failed, whoever builds.
            let instruction = "# one\nFROM scratch\n\n# two\nRUN \\\n  nothing \\\n  here\n"
            try await sample.fixture.commit([dockerfile: instruction])
            let workflow: [String: String?] = [
                "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "", "GITHUB_OUTPUT": "",
            ]
            let mark = "\n::error file=\(dockerfile),line=5,title=ERR_IMAGE_BUILD::"
            let arguments = ["lane", "run", "pr", "--base", base, "--repo", sample.path, "--reports", folder.path]
            let shown = try await Pinion.run(arguments, environment: workflow)
            #expect(shown.exitCode == 1 && shown.stderr.contains(mark), "\(shown.stderr)")
            let engine = try await NoBuildx.with { search in
                try await Pinion.run(arguments, environment: workflow.merging(search) { $1 })
            }
            #expect(engine.exitCode == 1 && engine.stderr.contains(mark), "\(engine.stderr)")
            // So does one that no builder can read.
            try await sample.fixture.commit([dockerfile: "FROM scratch\n\nCPY a b\n"])
            let unread = try await Pinion.run(arguments, environment: workflow)
            #expect(unread.stderr.contains(",line=3,"), "\(unread.stderr)")

            #expect(try await sample.containers().isEmpty)
            #expect(try await repositories(sample).contains("NAME_UNKNOWN"))
            for name in ["refs/pinion/env/local", "refs/pinion/builds", "refs/heads/pinion/pins/main"] {
                #expect(try await sample.fixture.repository.target(of: name) == nil, "\(name)")
            }
        }
    }

    @Test func `the lane local goes all the way, and a second time does nothing`() async throws {
        try await Sample.with(["text_stats"], pins: "record", more: ["pipelines/local.yaml": Self.local]) { sample in
            let folder = try TemporaryFolder()
            // Machines of their own build; the lane joins the pair.
            let arm = try await lane(["local", "--platform", "arm64", "--json"], sample, in: folder.path)
            #expect(arm.exitCode == 0, "\(arm.stderr)")
            #expect(try arm.json()["steps"]?.arrayValue?.map { $0["name"] } == ["validate", "build", "push"])
            #expect(try await sample.containers().isEmpty)
            let again = try await lane(["local", "--platform", "arm64", "--json"], sample, in: folder.path)
            #expect(try again.json()["steps"]?[1]?["text"] == "nothing to do", "\(again.stdout)")

            let first = try await lane(["local", "--json"], sample, in: folder.path)
            #expect(first.exitCode == 0, "\(first.stderr)")
            let steps = try first.json()["steps"]?.arrayValue ?? []
            #expect(
                steps.map { $0["name"]?.stringValue }
                    == ["validate", "build", "push", "pin", "smoke", "deploy", "record", "drift"])
            #expect(steps.allSatisfy { $0["state"] == "passed" })
            #expect(steps[1]["text"] == "1 done" && steps[5]["text"] == "1 done", "\(first.stdout)")
            #expect(try await sample.containers().count == 1)
            let second = try await lane(["local", "--json"], sample, in: folder.path)
            #expect(second.exitCode == 0)
            let texts = try second.json()["steps"]?.arrayValue?.compactMap { $0["text"]?.stringValue } ?? []
            #expect(texts[1...6].allSatisfy { $0 == "nothing to do" }, "\(texts)")

            // Without 'build' and 'pin' a change can't get through, and says why.
            let server = "registry/processors/\(sample.namespace)_stats/app/server.py"
            let text = try #require(try await sample.fixture.text(server))
            try await sample.fixture.commit([
                server: text + "\n# changed\n",
                "pipelines/local.yaml": "environment: local\nsteps: [deploy, record, drift]\n",
            ])
            let refused = try await lane(["local"], sample, in: folder.path)
            #expect(refused.exitCode == 1)
            #expect(refused.stdout.contains("which the lane 'local' does not do"), "\(refused.stdout)")
            #expect(refused.stdout.contains("- drift         because record failed"), "\(refused.stdout)")
        }
    }

    @Test func `staging deploys, main takes it over, and both are clean`() async throws {
        let modal = """
            environments:
              staging: {target: modal, registry: "\(Components.registry)/NS", pins: record}
              main: {target: modal, registry: "\(Components.registry)/NS", promotes_from: staging}
            """
        let staging =
            "environment: staging\nsteps: [validate, {sync_secrets: {fail_on_missing: true}}, build, push, pin, smoke, probe, deploy, {smoke: {adapter: modal}}, record, {drift: {live: true}}]\n"
        let main =
            "environment: main\nsteps: [validate, {promote: {from: staging}}, sync_secrets, deploy, {smoke: {adapter: modal}}, record, {drift: {live: true}}]\n"
        let lane = try await ModalLane(
            ["llm_litellm"],
            more: [
                "pipelines/environments.yaml": modal, "pipelines/staging.yaml": staging, "pipelines/main.yaml": main,
            ])
        func run(_ name: String, secret: String?) async throws -> Pinion.Outcome {
            try await Pinion.run(
                ["lane", "run", name, "--repo", lane.sample.path, "--json"],
                environment: lane.variables.merging(["OPENAI_API_KEY": secret] as [String: String?]) { $1 })
        }
        func texts(_ outcome: Pinion.Outcome) throws -> [String] {
            try outcome.json()["steps"]?.arrayValue?.compactMap { step in
                step["name"]?.stringValue.flatMap { name in step["text"]?.stringValue.map { "\(name): \($0)" } }
            } ?? []
        }
        let missing = try await run("staging", secret: nil)
        #expect(missing.exitCode == 77, "\(missing.stderr)")
        #expect(try missing.json()["steps"]?.arrayValue?.last?["state"] == "skipped")
        let first = try await run("staging", secret: ModalLane.canary)
        #expect(first.exitCode == 0, "\(first.stderr)")
        #expect(
            try texts(first).dropFirst() == [
                "sync_secrets: 1 done", "build: 2 done", "push: with the build", "pin: 1 done", "smoke: 1 done",
                "probe: 1 done", "deploy: 1 done", "smoke: 1 done", "record: 1 done", "drift: none in 1 processor",
            ])
        #expect(try first.json()["tests"]?.arrayValue?.map { $0["adapter"] } == ["local", "local", "modal"])
        let second = try await run("staging", secret: ModalLane.canary)
        #expect(second.exitCode == 0)
        #expect(try texts(second).filter { !$0.hasSuffix("nothing to do") }.count == 2, "\(second.stdout)")

        let promoted = try await run("main", secret: ModalLane.canary)
        #expect(promoted.exitCode == 0, "\(promoted.stderr)")
        #expect(
            try texts(promoted).dropFirst() == [
                "promote: 1 promoted, 0 there already", "sync_secrets: 1 done", "deploy: 1 done", "smoke: 1 done",
                "record: 1 done", "drift: none in 1 processor",
            ])
        for outcome in [first, second, promoted] {
            #expect(!(outcome.stdout + outcome.stderr).contains(ModalLane.canary))
        }
    }
}
