import DeploymentModel
import FoundationEssentials
import Git
import JSON
import Records
import TestSupport
import Testing

/// What a status begins with, and what it ends with.
@Suite(.tags(.medium))
struct StatusTests {
    private static let files = [
        "pipelines/environments.yaml": "environments:\n  local: {target: docker, registry: \"127.0.0.1:1/x\"}\n",
        "registry/processors/text_stats.yaml": "ref: text/stats@1\nimage: {oci: \"ghcr.io/a/b:1\"}\n",
    ]

    private func status(_ fixture: RepositoryFixture, _ more: String...) async throws -> Pinion.Outcome {
        try await Pinion.run(
            ["status", "--repo", fixture.path] + more, environment: ["DOCKER_HOST": "unix:///nowhere/docker.sock"])
    }

    @Test func `an engine that does not answer is named, with the records, and is no success`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let text = try await status(fixture)
        #expect(text.exitCode == 69)
        #expect(
            text.stdout.hasPrefix("✗ what runs in local is not known: ERR_DOCKER  no Docker engine answers"), "\(text)")
        #expect(text.stdout.contains("text/stats@1  unknown"), "\(text.stdout)")
        let json = try await status(fixture, "--json")
        #expect(json.exitCode == 69 && json.stderr.contains("error[ERR_DOCKER]"), "\(json.stderr)")
        #expect(try json.json()[0]?["state"] == "unknown")
    }

    @Test func `a spec with errors is named with its place`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        try await fixture.commit([
            "registry/processors/text_more.yaml":
                "ref: text/more@1\nimage: {oci: \"ghcr.io/a/b:1\"}\napi: {protocol: x}\n"
        ])
        let text = try await status(fixture).stdout
        #expect(text.contains("✗ registry/processors/text_more.yaml:3:17: ERR_SPEC  'api.protocol' is 'x'"), "\(text)")
    }

    @Test func `a spec with errors is why there is nothing of it, and a remote that is not there is added`()
        async throws
    {
        let fixture = try await RepositoryFixture(Self.files)
        let file = "registry/processors/text_more.yaml"
        try await fixture.commit([file: "ref: text/more@1\nimage: {oci: \"ghcr.io/a/b:1\"}\napi: {protocol: x}\n"])
        let place = "\(file):3:17: 'api.protocol' is 'x'"
        let why = try await Pinion.run(["why", "text/more@1", "--repo", fixture.path])
        #expect(why.exitCode == 4 && why.stderr.contains("there is no record of it: \(place)"), "\(why.stderr)")
        let plan = try await Pinion.run(["plan", "--repo", fixture.path, "--remote", "upstream"])
        #expect(plan.stderr.contains("git remote add upstream URL"), "\(plan.stderr)")
    }

    @Test func `what is recorded is shown where Modal is switched off`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        try await fixture.commit([
            "pipelines/environments.yaml": "environments:\n  staging: {target: modal, registry: ghcr.io/a}\n"
        ])
        let text = try await Pinion.run(
            ["status", "--repo", fixture.path, "--env", "staging"], environment: ["MODAL_ENABLED": "0"])
        #expect(text.exitCode != 0 && text.stdout.contains("what runs in staging is not known"), "\(text)")
        #expect(text.stdout.contains("text/stats@1  unknown"), "\(text.stdout)")
    }

    @Test func `a rollback that is in force is named with who, why and the way out of it`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let ref = try ProcessorRef("text/stats@1")
        func revision(_ image: String) throws -> RefRecord.Revision {
            let pin = try ImageReference("ghcr.io/a/b").pinned(to: SimulatedWorld.digest(image))
            return RefRecord.Revision(commit: "c0ffee0", specHash: "s1", pins: [.amd64: pin], keys: [:])
        }
        let (new, old) = (try revision("two"), try revision("one"))
        let store = GitStateStore(
            SharedReferences(of: fixture.repository), as: RepositoryFixture.authorship, time: { 1_700_000_000 })
        let hold = RefRecord.Hold(from: new, by: "Ann", since: 1_700_000_000, reason: "empty answers")
        _ = try await store.write(
            [RefRecord(ref: ref, desired: old, applied: old, binding: nil, evidence: [], hold: hold)],
            environment: "local", message: "local: roll back\n")
        let text = try await status(fixture).stdout
        #expect(
            text.contains("text/stats@1  held by Ann since 2023-11-14T22:13:20Z: empty answers; it keeps"), "\(text)")
        #expect(text.contains("pinion hold release text/stats@1 --env local"))
        #expect(try await status(fixture, "--json").json()[0]?["hold"]?["by"] == "Ann")
    }
}

/// What a run could not do, on a real engine.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct FailedRunTests {
    @Test func `a build that failed is told by status, drift and why until its inputs change or it is up`() async throws
    {
        try await Sample.with(["text_stats"], pins: "record") { sample in
            let home = try TemporaryFolder()
            let own: [String: String?] = ["XDG_STATE_HOME": home.path]
            func pinion(_ arguments: String...) async throws -> Pinion.Outcome {
                try await Pinion.run(arguments + ["--repo", sample.path], environment: own)
            }
            let ref = "\(sample.namespace)/stats@1"
            let dockerfile = "registry/processors/\(sample.namespace)_stats/Dockerfile"
            #expect(try await sample.reconcile(environment: own).succeeded())
            #expect(try await pinion("drift").stdout.hasPrefix("✓ no drift"))
            #expect(try await pinion("status").stdout.hasPrefix("PROCESSOR"))

            let good = try #require(try await sample.fixture.text(dockerfile))
            try await sample.fixture.commit([dockerfile: good + "RUN false\n"])
            #expect(try await sample.reconcile(environment: own).exitCode == 1)
            let drift = try await pinion("drift", "--detailed-exitcode")
            #expect(drift.exitCode == 0, "what runs is what is recorded: \(drift.stdout)")
            #expect(drift.stdout.contains("have no build for linux/amd64, linux/arm64"), "\(drift.stdout)")
            let status = try await pinion("status")
            #expect(status.exitCode == 0)
            let why = try await pinion("why", ref)
            for text in [drift.stdout, status.stdout, why.stdout] {
                #expect(text.contains(") failed at build linux/") && text.contains("ERR_IMAGE_BUILD"), "\(text)")
            }
            #expect(why.stdout.contains("not brought up yet") && why.stdout.contains("runs      that"), "\(why.stdout)")
            let row = try await pinion("status", "--json").json()[0]
            #expect(row?["failure"]?["step"] == "build" && row?["state"] == "running")

            try await sample.fixture.commit([dockerfile: good + "# mended\n"])
            #expect(try await !pinion("status").stdout.contains("failed"), "these inputs nobody has tried yet")
            #expect(try await sample.reconcile(environment: own).succeeded())
            #expect(try await pinion("status").stdout.hasPrefix("PROCESSOR"))
        }
    }

    @Test func `a test that failed is told by all three, whatever else was tried afterwards`() async throws {
        try await Sample.with(["text_stats", "text_hash"], pins: "record") { sample in
            let home = try TemporaryFolder()
            let own: [String: String?] = ["XDG_STATE_HOME": home.path]
            func pinion(_ arguments: String...) async throws -> Pinion.Outcome {
                try await Pinion.run(arguments + ["--repo", sample.path], environment: own)
            }
            let (stats, hash) = ("\(sample.namespace)/stats@1", "\(sample.namespace)/hash@1")
            #expect(try await sample.reconcile(environment: own).succeeded())
            let program = "registry/processors/\(sample.namespace)_stats/app/processor.py"
            let good = try #require(try await sample.fixture.text(program))
            try await sample.fixture.commit([program: "import sys; sys.exit(3)\n"])
            #expect(try await sample.reconcile(environment: own).exitCode == 1)
            // A later run that fails on something else.
            let spec = "registry/processors/\(sample.namespace)_hash/registry.yaml"
            let right = try #require(try await sample.fixture.text(spec))
            try await sample.fixture.commit([spec: right.replacing("path: /run", with: "path: /nowhere")])
            #expect(try await sample.reconcile("--target", hash, environment: own).exitCode == 1)
            #expect(try await pinion("why", hash).stdout.contains(") failed at smoke"))
            for text in [
                try await pinion("drift").stdout, try await pinion("status").stdout,
                try await pinion("why", stats).stdout,
            ] {
                #expect(text.contains(") failed at smoke"), "\(text)")
            }
            try await sample.fixture.commit([program: good, spec: right])
            #expect(try await sample.reconcile(environment: own).succeeded())
            #expect(try await pinion("status").stdout.hasPrefix("PROCESSOR"))
            #expect(try await pinion("drift").stdout.hasPrefix("✓ no drift"))

            try await sample.fixture.commit([spec: "ref: \(hash)\napi: {protocol: x}\n"])
            let place = "\(spec):2:17: 'api.protocol' is 'x'"
            #expect(try await pinion("why", hash).stdout.contains("✗ local, catalog: \(place)"))
            let run = try await pinion("run", hash, "--mode", "mock")
            #expect(run.exitCode == 4 && run.stderr.contains("\(hash) has an error: \(place)"), "\(run.stderr)")
        }
    }
}
