import TestSupport
import Testing

/// What a shell is answered. What the shells make of it is tested with the shells themselves (`Tests/shells`).
@Suite(.tags(.medium)) struct CompletionTests {
    @Test(arguments: ["bash", "zsh", "fish"])
    func `a shell reads the script`(shell: String) async throws {
        let script = try await Pinion.run(["completions", shell])
        #expect(script.succeeded())
        #expect(script.stdout.contains("exit-codes"))
        // The library's own 'help' knows no topics.
        #expect(!script.stdout.contains("Show subcommand help information."))
        guard shell == "bash" else { return }
        let folder = try TemporaryFolder()
        try await Pinion.run("bash", ["-c", "cat > '\(folder.path)/script' <<'END'\n\(script.stdout)\nEND"]).check()
        try await Pinion.run("bash", ["-n", "\(folder.path)/script"]).check()
    }

    @Test(arguments: [
        (["plan", "--", "--env"], "", ["dev", "local", "main"]),
        (["build", "--", "positional@0"], "te", ["text/stats@1"]),
        (["lane", "show", "--", "positional@0"], "", ["pr"]), (["run", "--", "--ref"], "text/", ["text/stats@1"]),
        (["plan", "--", "--branch"], "ma", ["main"]), (["run", "--", "positional@0"], "text/", ["text/stats@1"]),
    ])
    func `names come out of the commit of HEAD`(asked: [String], word: String, answers: [String]) async throws {
        let fixture = try await RepositoryFixture([
            "pipelines/environments.yaml": """
            environments:
              dev: {target: modal, registry: ghcr.io/acme}
              main: {target: modal, registry: ghcr.io/acme}
            """,
            "pipelines/pr.yaml": "environment: local\nsteps: [validate]\n",
            "registry/processors/text_stats.yaml": "ref: text/stats@1\nimage: {track: ghcr.io/acme/stats:1}\n",
        ])
        let run = try await Pinion.run(
            ["---completion"] + asked + ["1", "\(word.count)", "pinion", "--repo", fixture.path, word])
        #expect(run.succeeded())
        #expect(run.stdout.split(separator: "\n").map(String.init) == answers)
    }

    @Test func `nothing is said where there is no repository`() async throws {
        let folder = try TemporaryFolder()
        let run = try await Pinion.run(
            ["---completion", "plan", "--", "--env", "1", "0", "pinion", ""], in: folder.path)
        #expect(run.exitCode == 0)
        #expect(run.stdout.filter { !$0.isWhitespace }.isEmpty)
        #expect(run.stderr.isEmpty)
    }
}

extension Pinion.Outcome {
    fileprivate func check() throws { try #require(exitCode == 0, "\(stderr)") }
}
