import FoundationEssentials
import TestSupport
import Testing

/// What is said to who slips, and what CI is shown of a command that fails.
@Suite(.tags(.medium)) struct CommandLineHintTests {
    private static let files = [
        "pipelines/environments.yaml": "environments:\n  staging: {target: modal, registry: ghcr.io/acme}\n",
        "pipelines/nightly.yaml": "environment: local\nsteps: [validate]\n",
        "registry/processors/text_stats.yaml": "ref: text/stats@1\nimage: {track: ghcr.io/acme/stats:1}\n",
    ]

    @Test(arguments: [
        (["laen", "run"], 64, "There is no command 'laen'. Did you mean 'lane'?"),
        (["lane", "rnu"], 64, "Did you mean 'run'? There is: list, show, run"),
        (["build", "text/stats"], 64, "Did you mean 'text/stats@1'?"),
        (["plan", "--target", "stats"], 64, "Did you mean 'text/stats@1'?"),
        (["run", "text/stat@1", "--adapter", "mock", "--mode", "mock"], 4, "Did you mean 'text/stats@1'?"),
        (["run", "text/stats", "--adapter", "mock", "--mode", "mock"], 1, "Did you mean 'text/stats@1'?"),
        (["plan", "--env", "stagin"], 4, "Did you mean 'staging'?"),
        (["lane", "run", "nigthly"], 4, "Did you mean 'nightly'?"),
        (["lane", "run"], 64, "nightly  local        validate"),
        (["run", "--mode", "mock"], 64, "Missing expected argument '<ref>'"),
        (["run", "text/stats@1", "--ref", "text/stats@1", "--mode", "mock"], 64, "Name one processor or tool"),
    ])
    func `what was meant is told`(arguments: [String], code: Int, words: String) async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let folder = try TemporaryFolder()
        let run = try await Pinion.run(
            arguments, in: fixture.path, environment: ["DOCKER_HOST": "unix:///nowhere", "XDG_DATA_HOME": folder.path])
        #expect(run.exitCode == code, "\(run.stderr)")
        #expect(run.stderr.contains(words), "\(run.stderr)")
    }

    @Test func `a run without an engine ends with the code for that, and speaks of no port`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let folder = try TemporaryFolder()
        let run = try await Pinion.run(
            ["run", "text/stats@1", "--mode", "mock"], in: fixture.path,
            environment: ["DOCKER_HOST": "unix:///nowhere", "XDG_DATA_HOME": folder.path])
        #expect(run.exitCode == 69, "\(run.stderr)")
        #expect(run.stderr.contains("there is no /nowhere") && !run.stderr.contains("docker port"), "\(run.stderr)")
    }

    @Test func `help of a code explains it, and of nothing names the topics`() async throws {
        let explained = try await Pinion.run(["help", "ERR_SPEC"])
        #expect(explained.stdout == (try await Pinion.run(["explain", "ERR_SPEC"])).stdout)
        let run = try await Pinion.run(["help", "bogus"])
        #expect(run.exitCode == 64 && run.stderr.contains("Topics: processors, keys"), "\(run.stderr)")
    }

    @Test(arguments: [
        ["reconcile"], ["plan", "--env", "moon"], ["apply", "no.plan"], ["validate", "--rev", "nope"],
        ["run", "a/b@1", "--mode", "mock"], ["status", "--env", "moon"],
    ])
    func `every command that fails in a workflow leaves one annotation`(arguments: [String]) async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let folder = try TemporaryFolder()
        let run = try await Pinion.run(
            arguments, in: fixture.path,
            environment: [
                "GITHUB_ACTIONS": "true", "CI": "true", "DOCKER_HOST": "unix:///nowhere", "XDG_DATA_HOME": folder.path,
            ])
        #expect(run.exitCode != 0)
        let annotations = run.stderr.split(separator: "\n").filter { $0.hasPrefix("::error ") }
        #expect(annotations.count == 1 && annotations[0].contains("title=ERR_"), "\(run.stderr)")
        let local = try await Pinion.run(
            arguments, in: fixture.path, environment: ["DOCKER_HOST": "unix:///nowhere", "XDG_DATA_HOME": folder.path])
        #expect(!local.stderr.contains("::error"))
    }

    @Test func `a tab is told of as a tab, and an empty repository as empty`() async throws {
        let fixture = try await RepositoryFixture(["registry/processors/a_b.yaml": "ref: a/b@1\nimage:\n\ttrack: x\n"])
        let run = try await Pinion.run(["validate", "--repo", fixture.path])
        #expect(run.stdout.contains("a tab indents this line"), "\(run.stdout)")
        #expect(run.stdout.contains("a_b.yaml:3:1") && run.stdout.contains("write spaces"), "\(run.stdout)")
        let empty = try await RepositoryFixture()
        for command in ["plan", "validate"] {
            let run = try await Pinion.run([command, "--repo", empty.path])
            #expect(run.stderr.contains("has no commit yet") && run.stderr.contains("pinion init"), "\(run.stderr)")
        }
    }

    @Test func `a report goes through no link, and no file of it is another`() async throws {
        let lane = "environment: local\nsteps: [validate, {report: {junit: JUNIT}}]\n"
        let fixture = try await RepositoryFixture([
            "pipelines/pr.yaml": lane.replacing("JUNIT", with: "smoke.xml")
        ])
        let (here, elsewhere) = (try TemporaryFolder(), try TemporaryFolder())
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: here.path + "/pinion-reports", withDestinationPath: elsewhere.path)
        func run(_ arguments: String...) async throws -> Pinion.Outcome {
            try await Pinion.run(
                ["lane", "run", "--repo", fixture.path] + arguments, in: here.path, environment: ["CI": "true"])
        }
        let linked = try await run("pr")
        #expect(linked.exitCode == 1 && linked.stderr.contains("is a symbolic link"), "\(linked.stderr)")
        #expect(try manager.contentsOfDirectory(atPath: elsewhere.path).isEmpty)
        try manager.createSymbolicLink(
            atPath: here.path + "/tests.xml", withDestinationPath: elsewhere.path + "/tests.xml")
        let file = try await run("pr", "--reports", "own", "--junit", "tests.xml")
        #expect(file.exitCode == 1 && !manager.fileExists(atPath: elsewhere.path + "/tests.xml"), "\(file.stderr)")
        let own = try await run("pr", "--reports", "own")
        #expect(own.exitCode == 0, "\(own.stderr)")
        #expect(manager.fileExists(atPath: here.path + "/own/smoke.xml"))
        try await fixture.commit(
            ["pipelines/bad.yaml": lane.replacing("JUNIT", with: "./Report.json")], message: "bad")
        let bad = try await run("bad", "--reports", "own")
        #expect(bad.exitCode == 1 && bad.stderr.contains("would write over report.json"), "\(bad.stderr)")
    }
}
