import FoundationEssentials
import JSON
import TestSupport
import Testing

/// What a workflow of GitHub's gets of a command: documents that stay documents, outputs of a whole report alone, and an
/// annotation of whatever failed.
@Suite(.tags(.medium)) struct WorkflowTests {
    private static let files = [
        "pipelines/environments.yaml": """
        environments:
          local: {target: docker, registry: "127.0.0.1:1/x"}

        """,
        "pipelines/nightly.yaml": "environment: local\nsteps: [validate]\n",
        "registry/processors/text_stats.yaml": "ref: text/stats@1\nimage: {track: \"127.0.0.1:1/stats:1\"}\n",
    ]

    /// A repository, and a place for what steps leave.
    private struct Job {
        let fixture: RepositoryFixture
        let folder: TemporaryFolder
        var outputs: String { folder.path + "/outputs" }
        var summary: String { folder.path + "/summary" }

        init(_ more: [String: String] = [:]) async throws {
            fixture = try await RepositoryFixture(WorkflowTests.files.merging(more) { $1 })
            folder = try TemporaryFolder()
        }

        func run(_ arguments: [String], _ more: [String: String?] = [:]) async throws -> Pinion.Outcome {
            let variables: [String: String?] = [
                "GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_OUTPUT": outputs, "GITHUB_STEP_SUMMARY": summary,
                "DOCKER_HOST": "unix:///nowhere", "XDG_DATA_HOME": folder.path,
            ]
            return try await Pinion.run(
                arguments, in: fixture.path, environment: variables.merging(more) { $1 })
        }

        func errors(_ run: Pinion.Outcome) -> [Substring] {
            run.stderr.split(separator: "\n").filter { $0.hasPrefix("::error ") }
        }
    }

    /// The runner would do what stands behind `##[`, so the log must not have it.
    @Test func `a document is one, whatever command to the runner stands in it`() async throws {
        let command = "##[error]a"
        let job = try await Job([
            "registry/processors/bad_one.yaml": "ref: bad/one@1\n\"\(command)\": x\n",
            "registry/processors/good_one.yaml": "ref: good/one@1\nname: \"\(command)\"\n",
        ])
        let envelope = try await job.run(["run", command, "--adapter", "mock", "--mode", "mock", "--json"])
        #expect(try envelope.json()["error"]?["message"]?.stringValue?.contains(command) == true)
        let stream = try await job.run(["run", command, "--adapter", "mock", "--mode", "mock", "--json", "--stream"])
        #expect(try stream.json()["error"]?["message"]?.stringValue?.contains(command) == true)
        let found = try await job.run(["validate", "--format", "json"])
        #expect(try found.json()["diagnostics"]?[0]?["message"]?.stringValue?.contains(command) == true)
        let sarif = try await job.run(["validate", "--format", "sarif"])
        #expect(
            try sarif.json()["runs"]?[0]?["results"]?[0]?["message"]?["text"]?.stringValue?.contains(command) == true)
        let snapshot = try await job.run(["snapshot"])
        #expect(try snapshot.json()["processors"]?["good/one@1"]?["name"]?.stringValue == command)
        for run in [envelope, stream, found, sarif, snapshot] { #expect(!run.stdout.contains("##[")) }
    }

    @Test func `what has no report of its own leaves an annotation at its place, and no outputs`() async throws {
        let job = try await Job()
        for command in ["pin", "pull"] {
            let run = try await job.run([command])
            #expect(run.exitCode != 0)
            let errors = job.errors(run)
            #expect(errors.count == 1, "\(run.stderr)")
            #expect(errors.first?.hasPrefix("::error file=registry/processors/text_stats.yaml,line=") == true)
        }
        #expect(!FileManager.default.fileExists(atPath: job.outputs))
        #expect(!FileManager.default.fileExists(atPath: job.summary))
    }

    @Test(arguments: [
        (["status"], "ERR_DOCKER"), (["doctor"], "exit code 1"), (["lane", "run"], "exit code 64"),
        (["laen"], "usage"), (["run", "--mode", "mock"], "usage"), (["verify-pins"], "exit code 1"),
        (["lane", "list", "--rev", "HEAD"], "ERR_SPEC"), (["explain", "ERR_NOTHING"], "ERR_FUNCTION_NOT_FOUND"),
        (["validate", "--format", "json"], "exit code 1"),
    ])
    func `a command that does not throw leaves an annotation, too`(arguments: [String], title: String) async throws {
        let pin = "127.0.0.1:1/x@sha256:" + String(repeating: "0", count: 64)
        let job = try await Job([
            "pipelines/bad.yaml": "environment: local\nsteps: [valdate]\n",
            "registry/processors/text_pinned.yaml": """
            ref: text/pinned@1
            image: {platforms: {amd64: "\(pin)", arm64: "\(pin)"}}

            """,
        ])
        let run = try await job.run(arguments)
        #expect(run.exitCode != 0)
        #expect(job.errors(run).contains { $0.contains("title=\(title)") }, "\(run.stderr)")
        let local = try await job.run(arguments, ["GITHUB_ACTIONS": nil])
        #expect(!local.stderr.contains("::error"))
    }

    @Test func `what can't be written afterwards takes neither the result nor the annotations`() async throws {
        let job = try await Job([
            "pipelines/pr.yaml": "environment: local\nsteps: [validate, report]\n",
            "registry/processors/bad_one.yaml": "ref: bad/one@1\nnmae: x\n",
        ])
        let nowhere = job.folder.path + "/nowhere/x"
        for (lane, variables) in [
            (["--junit", nowhere], [:]), (["--pr-comment", nowhere], [:]), ([], ["GITHUB_OUTPUT": nowhere]),
            ([], ["GITHUB_STEP_SUMMARY": nowhere]),
        ] as [([String], [String: String?])] {
            let run = try await job.run(["lane", "run", "pr", "--json"] + lane, variables)
            #expect(run.exitCode == 1 && run.stderr.contains("can't be written"), "\(run.stderr)")
            #expect(try run.json()["state"] == "passed")
            #expect(run.stderr.contains("\n::warning file=registry/processors/bad_one.yaml,line=2"), "\(run.stderr)")
        }
        let refused = try await job.run(["lane", "run", "pr", "--junit", nowhere, "--rev", "HEAD~9"])
        #expect(refused.exitCode != 0)
    }

    @Test func `no two files of a report are one, and none is behind a link, before anything is done`() async throws {
        let job = try await Job(["pipelines/pr.yaml": "environment: local\nsteps: [validate, report]\n"])
        for arguments in [
            ["--junit", "pinion-reports/report.json"], ["--junit", "a.md", "--pr-comment", "./b/../a.md"],
            ["--reports", job.folder.path, "--pr-comment", job.folder.path + "/comment.md"],
        ] {
            let run = try await job.run(["lane", "run", "pr"] + arguments)
            #expect(run.exitCode == 1 && run.stderr.contains("can't be two files of a report"), "\(run.stderr)")
            #expect(run.stdout.isEmpty, "\(run.stdout)")
        }
        // A link that was committed is above what is written: of the work tree, and of the working directory.
        let elsewhere = try TemporaryFolder()
        let tree = try GitCheckout(["a": "x"])
        for place in [job.fixture.path, tree.path] {
            try FileManager.default.createSymbolicLink(
                atPath: place + "/linked", withDestinationPath: elsewhere.path)
            for arguments in [["--reports", place + "/linked/pr"], ["--junit", place + "/linked/x.xml"]] {
                let run = try await job.run(["lane", "run", "pr"] + arguments)
                #expect(run.exitCode == 1 && run.stderr.contains("linked is a symbolic link"), "\(run.stderr)")
                #expect(run.stdout.isEmpty, "\(run.stdout)")
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere.path).isEmpty)
    }

    @Test func `a run that could not be made ends with the code of its reason`() async throws {
        let job = try await Job()
        let far = try await job.run([
            "run", "text/stats@1", "--adapter", "mock", "--mode", "mock", "--json", "--repo",
            "http://127.0.0.1:1/x.git",
        ])
        #expect(try far.json()["error"]?["code"] == "ERR_NETWORK")
        #expect(far.exitCode == 69)
    }

    @Test func `no sequence of a terminal comes out of a registry`() async throws {
        let job = try await Job([
            "registry/processors/bad_one.yaml": "ref: bad/one@1\napi: {protocol: \"\\e]0;x\\a\"}\n",
            "registry/processors/bad_two.yaml": "ref: bad/two@1\nname: a\u{1B}[31mb\u{7F}c\u{9B}d\n",
        ])
        let run = try await job.run(["validate", "--format", "text"])
        #expect(run.exitCode == 1)
        #expect(run.stdout.contains("\\u{1B}]0;x\\u{7}"), "\(run.stdout)")
        let controls = run.stdout.unicodeScalars.filter { $0 != "\n" && ($0.value < 0x20 || 0x7F..<0xA0 ~= $0.value) }
        #expect(controls.isEmpty, "\(run.stdout)")
    }
}
