import FoundationEssentials
import JSON
import TestSupport
import Testing

/// Lanes on git alone: what they are about, what they say, and git as CI has it.
@Suite(.tags(.medium))
struct LaneTests {
    private static let spec = "registry/processors/text_stats.yaml"
    private static let files = [
        spec: "ref: text/stats@1\nimage: {track: docker.io/library/python:3.12}\n",
        "registry/processors/text_other.yaml": "ref: text/other@1\n",
        "pipelines/pr.yaml": """
        environment: local
        changed_only: true
        steps:
          - validate
          - report: {junit: out.xml}
        """,
    ]

    /// Runs in a home of its own, so that no cache and no configuration is shared.
    private func lane(
        _ arguments: String..., in folder: String, home: String, with more: [String: String?] = [:]
    ) async throws -> Pinion.Outcome {
        try await lane(arguments, in: folder, home: home, with: more)
    }

    private func lane(
        _ arguments: [String], in folder: String, home: String, with more: [String: String?] = [:]
    ) async throws -> Pinion.Outcome {
        let variables: [String: String?] = [
            "HOME": home, "XDG_CACHE_HOME": home + "/caches", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            "GITHUB_STEP_SUMMARY": nil, "GITHUB_BASE_REF": nil, "CI_MERGE_REQUEST_DIFF_BASE_SHA": nil,
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": nil,
        ]
        return try await Pinion.run(
            ["lane"] + arguments, in: folder, environment: variables.merging(more) { $1 })
    }

    @Test func `lanes are listed and shown, and what is wrong with one has its place`() async throws {
        let origin = try GitCheckout(Self.files)
        let home = origin.folder.path
        let list = try await lane("list", in: origin.path, home: home)
        #expect(list.exitCode == 0 && list.stdout.contains("pr    local        validate → report"), "\(list.stdout)")
        let show = try await lane("show", "pr", "--json", in: origin.path, home: home)
        #expect(
            try show.json()["steps"] == [
                ["name": "validate"], ["name": "report", "options": "junit: out.xml, summary: true"],
            ])
        let missing = try await lane("run", "staging", in: origin.path, home: home)
        #expect(missing.exitCode == 4 && missing.stderr.contains("There is: pr."), "\(missing.stderr)")
        try origin.commit(["pipelines/pr.yaml": "environment: local\nsteps: [valdate]"])
        let broken = try await lane("run", "pr", "--base", "HEAD~1", in: origin.path, home: home)
        #expect(broken.exitCode == 1)
        #expect(broken.stderr.contains("pipelines/pr.yaml:2:9") && broken.stderr.contains("did you mean 'validate'?"))
        #expect(try await lane("list", in: origin.path, home: home).exitCode == 1)
    }

    @Test func `a change of nothing does nothing, one of a spec selects it, and nobody guesses a base`() async throws {
        let origin = try GitCheckout(Self.files)
        let home = origin.folder.path
        try origin.git(["checkout", "--quiet", "-b", "feature"])
        let same = try await lane("run", "pr", "--base", "main", "--json", in: origin.path, home: home)
        let report = try same.json()
        #expect(same.exitCode == 0 && report["selected"] == [] && report["changedFiles"] == 0)
        #expect(report["steps"]?[0]?["state"] == "skipped" && report["steps"]?[0]?["text"] == "nothing changed")

        // What main got meanwhile is no part of the change.
        try origin.git(["checkout", "--quiet", "main"])
        try origin.commit(["registry/processors/text_other.yaml": "ref: text/other@1\nruntime: {cpu: 2}\n"])
        try origin.git(["checkout", "--quiet", "feature"])
        try origin.commit([Self.spec: "ref: text/stats@1\nruntime: {cpu: 2}\n"])
        try origin.git(["checkout", "--quiet", "--detach"])
        let run = try await lane("run", "pr", "--base", "main", "--json", in: origin.path, home: home)
        #expect(run.exitCode == 0, "\(run.stderr)")
        #expect(try run.json()["selected"] == [["ref": "text/stats@1", "reason": "its spec changed"]])
        #expect(try run.json()["state"] == "passed")

        let unnamed = try await lane("run", "pr", in: origin.path, home: home)
        #expect(unnamed.exitCode == 1 && unnamed.stderr.contains("--base origin/main"), "\(unnamed.stderr)")
        let known = try await lane("run", "pr", in: origin.path, home: home, with: ["GITHUB_BASE_REF": "main"])
        #expect(known.exitCode == 0 && known.stdout.contains("1 processor of 1 changed file"), "\(known.stdout)")
    }

    @Test func `an error is an annotation on its line, a row of the summary, and the end of the lane`() async throws {
        let origin = try GitCheckout(Self.files)
        let home = origin.folder.path
        try origin.commit([Self.spec: "ref: text/stats@1\napi: {protocol: \"a|b`c\"}\n"])
        let summary = home + "/summary.md"
        try Data("# before\n".utf8).write(to: URL(filePath: summary))
        let run = try await lane(
            "run", "pr", "--base", "HEAD~1", "--json", in: origin.path, home: home,
            with: ["GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary])
        #expect(run.exitCode == 1)
        #expect(try run.json()["state"] == "failed")
        #expect(run.stderr.contains("\n::error file=\(Self.spec),line=2,col=17,title=ERR_SPEC::"), "\(run.stderr)")
        let text = try String(contentsOfFile: summary, encoding: .utf8)
        #expect(text.hasPrefix("# before\n### ❌ lane pr → local\n"), "\(text)")
        #expect(text.contains("| validate | ❌ | 1 error |"), "\(text)")
        #expect(
            try String(contentsOfFile: origin.path + "/pinion-reports/out.xml", encoding: .utf8).contains(
                "<testsuite name=\"lane pr\""))
        let files = try FileManager.default.contentsOfDirectory(atPath: origin.path + "/pinion-reports")
        #expect(files.sorted() == ["code-quality.json", "comment.md", "findings.sarif", "out.xml", "report.json"])
    }

    /// The header is what GitHub's checkout leaves in the configuration of the work tree.
    @Test func `a shallow checkout is compared in a clone of Pinion's own, with the log-in that CI left`() async throws
    {
        let origin = try GitCheckout(Self.files)
        try origin.git(["checkout", "--quiet", "-b", "feature"])
        try origin.commit([Self.spec: "ref: text/stats@1\nruntime: {cpu: 2}\n"])
        try origin.commit(["docs/a.md": "x"])
        try origin.git(["checkout", "--quiet", "main"])
        try origin.commit(["docs/b.md": "x"])
        let header = "Basic " + Data("x-access-token:secret-7f3a".utf8).base64EncodedString()
        let server = try GitServer(root: origin.folder.path, user: "nobody", password: "else", header: header)
        let address = "http://127.0.0.1:\(server.http)/work/.git"
        let job = try TemporaryFolder()
        let extra = ["-c", "http.http://127.0.0.1:\(server.http)/.extraheader=AUTHORIZATION: \(header)"]
        try origin.git(extra + ["clone", "--quiet", "--depth", "1", "--branch", "feature", address, job.path + "/co"])
        let checkout = job.path + "/co"
        try origin.git(["checkout", "--quiet", "--detach"], in: checkout)

        let refused = try await lane("run", "pr", "--base", "origin/main", in: checkout, home: job.path)
        #expect(refused.exitCode == 1)
        #expect(refused.stderr.contains("fetch-depth: 0"), "\(refused.stderr)")

        try origin.git(
            ["config", "http.http://127.0.0.1:\(server.http)/.extraheader", "AUTHORIZATION: \(header)"], in: checkout)
        let run = try await lane("run", "pr", "--base", "origin/main", "--json", in: checkout, home: job.path)
        #expect(run.exitCode == 0, "\(run.stderr)")
        #expect(try run.json()["selected"] == [["ref": "text/stats@1", "reason": "its spec changed"]])
        #expect(try run.json()["changedFiles"] == 2)
        #expect(!run.stderr.contains("secret-7f3a") && !run.stdout.contains("secret-7f3a"))
        // The checkout itself stays as shallow as it was.
        #expect(try origin.git(["rev-list", "--count", "HEAD"], in: checkout) == "1")

        // What was never pushed is in no clone.
        try origin.git(["commit", "--quiet", "--allow-empty", "--message", "mine"], in: checkout)
        let mine = try await lane("run", "pr", "--base", "origin/main", in: checkout, home: job.path)
        #expect(mine.exitCode == 1 && mine.stderr.contains("git fetch --unshallow"), "\(mine.stderr)")
    }

    @Test func `the result of a run is found later, and one about nothing leaves none`() async throws {
        let origin = try GitCheckout(Self.files)
        let home = origin.folder.path
        let none = try await lane("run", "pr", "--base", "HEAD", in: origin.path, home: home)
        #expect(none.exitCode == 0, "\(none.stderr)")
        let empty = try await lane("history", in: origin.path, home: home)
        #expect(empty.exitCode == 0 && empty.stdout.isEmpty, "\(empty.stdout)")

        let base = try origin.git(["rev-parse", "HEAD"])
        try origin.commit([Self.spec: "ref: text/stats@1\nruntime: {cpu: 2}\n"])
        let run = try await lane("run", "pr", "--base", base, "--json", in: origin.path, home: home)
        #expect(run.exitCode == 0, "\(run.stderr)")
        try origin.commit([Self.spec: "ref: text/stats@1\napi: {protocol: no}\n"])
        #expect(try await lane("run", "pr", "--base", base, in: origin.path, home: home).exitCode == 1)
        let results = try await lane("history", "pr", "--json", in: origin.path, home: home).json().arrayValue ?? []
        try #require(results.count == 2)
        let passed = try #require(results.first { $0["state"] == "passed" })
        let facts = try run.json()
        #expect(passed["run"] == facts["run"] && passed["commit"] == facts["commit"])
        #expect(passed["base"]?.stringValue == base && passed["refs"] == ["text/stats@1"])
        #expect(passed["steps"]?[0]?["name"] == "validate" && passed["steps"]?[0]?["state"] == "passed")
        #expect(try #require(passed["startedAt"]?.intValue) > 1_700_000_000)
        let text = try await lane("history", in: origin.path, home: home)
        #expect(text.stdout.contains("failed") && text.stdout.contains("validate: 1 error"), "\(text.stdout)")
        #expect(try await lane("history", "other", "--json", in: origin.path, home: home).json() == [])
        #expect(try origin.git(["log", "--format=%s", "refs/pinion/lanes/pr"]) == "lane pr: failed\nlane pr: passed")
    }

    @Test func `a result is pushed with the remote, and who may not push there is told and not failed`() async throws {
        let origin = try GitCheckout(Self.files)
        let home = origin.folder.path
        let bare = home + "/bare.git"
        try origin.git(["clone", "--quiet", "--bare", origin.path, bare])
        try origin.git(["remote", "add", "origin", bare])
        try origin.commit([Self.spec: "ref: text/stats@1\nruntime: {cpu: 2}\n"])
        try origin.git(["push", "--quiet", "origin", "main"])
        let hook = bare + "/hooks/update"
        try Data("#!/bin/sh\necho not yours >&2\nexit 1\n".utf8).write(to: URL(filePath: hook))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
        let arguments = ["run", "pr", "--base", "main~1", "--remote", "origin"]
        let server = try GitServer(root: home)
        try origin.git(["remote", "set-url", "origin", "http://127.0.0.1:\(server.http)/bare.git"])
        try origin.git(["config", "http.receivepack", "true"], in: bare)
        let refused = try await lane(arguments, in: origin.path, home: home)
        #expect(refused.exitCode == 0, "\(refused.stderr)")
        #expect(refused.stderr.contains("note: the result of this run is not kept"), "\(refused.stderr)")
        try FileManager.default.removeItem(atPath: hook)
        let pushed = try await lane(arguments, in: origin.path, home: home)
        #expect(pushed.exitCode == 0 && !pushed.stderr.contains("note:"), "\(pushed.stderr)")
        #expect(try origin.git(["log", "--format=%s", "refs/pinion/lanes/pr"], in: bare) == "lane pr: passed")
        let here = try await lane("history", "--json", in: origin.path, home: home)
        #expect(try here.json() == [], "the checkout is left alone")
        let there = try await lane("history", "--json", "--remote", "origin", in: origin.path, home: home)
        #expect(try there.json().arrayValue?.count == 1, "\(there.stderr)")
    }
}
