import FoundationEssentials
import JSON
import RegistryCatalog
import TestSupport
import Testing
import YAML

/// The CI files that are written for lanes.
@Suite(.tags(.medium))
struct LaneFilesTests {
    private static let files = [
        "pipelines/environments.yaml": """
        environments:
          local: {}
          dev: {target: modal, registry: ghcr.io/acme}
          staging: {target: modal, registry: ghcr.io/acme, branch: release's}
          main: {target: modal, registry: ghcr.io/acme, promotes_from: staging}
        """,
        "pipelines/pr.yaml":
            "environment: local\nchanged_only: true\nsteps: [validate, {build: {platforms: [host]}}]\n",
        "pipelines/local.yaml": "environment: local\nsteps: [validate, build, push, pin, deploy, record]\n",
        "pipelines/dev.yaml": "environment: dev\nsteps: [{build: {platforms: [amd64]}}, push, pin, deploy, record]\n",
        "pipelines/staging.yaml":
            "environment: staging\nsteps: [sync_secrets, build, push, pin, deploy, record, {report: {junit: out.xml}}]\n",
        "pipelines/main.yaml": "environment: main\nsteps: [{promote: {from: staging}}, deploy, record]\n",
        "registry/processors/llm_litellm.yaml":
            "ref: llm/litellm@1\nsecrets: {required: [OPENAI_API_KEY], optional: [BASE_URL]}\n",
    ]

    private func written(_ system: String) async throws -> (folder: TemporaryFolder, files: [String: JSONValue]) {
        let origin = try GitCheckout(Self.files)
        let folder = try TemporaryFolder()
        let run = try await Pinion.run(["lane", "ci", "--for", system, "-o", folder.path, "--repo", origin.path])
        try #require(run.exitCode == 0, "\(run.stderr)")
        var files: [String: JSONValue] = [:]
        for path in run.stdout.split(separator: "\n").map(String.init) {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            files[String(path.split(separator: "/").last ?? "")] = try #require(
                try YAMLDocument(Array(text.utf8)).root?.json, "\(path)")
        }
        return (folder, files)
    }

    @Test func `GitHub: a file per lane, with actions by commit, least permissions, and no deploy broken off`()
        async throws
    {
        let (folder, files) = try await written("github")
        #expect(
            files.keys.sorted() == [
                "action.yml", "pinion-dev.yml", "pinion-main.yml", "pinion-pr.yml", "pinion-staging.yml",
            ])
        for (name, file) in files where name != "action.yml" {
            #expect(file["permissions"] == [:], "\(name)")
            #expect(file["concurrency"]?["cancel-in-progress"] == .bool(name == "pinion-pr.yml"), "\(name)")
            for (job, content) in file["jobs"]?.objectValue ?? [:] {
                let steps = content["steps"]?.arrayValue ?? []
                let actions = steps.compactMap { $0["uses"]?.stringValue }
                #expect(actions.contains("./.github/actions/pinion"), "\(name) \(job)")
                for action in actions where !action.hasPrefix("./") {
                    let commit = action.split(separator: "@").last ?? ""
                    #expect(commit.count == 40 && commit.allSatisfy(\.isHexDigit), "\(action)")
                }
                #expect(content["timeout-minutes"] != nil && content["permissions"] != nil, "\(name) \(job)")
                #expect(
                    steps.contains { $0["run"]?.stringValue?.contains("+refs/pinion/*:refs/pinion/*") == true },
                    "\(job)")
                // What others wrote reaches a shell by variables alone.
                #expect(!steps.contains { $0["run"]?.stringValue?.contains("${{") == true }, "\(name) \(job)")
                let lanes = steps.compactMap { $0["run"]?.stringValue }.filter { $0.contains("pinion lane run") }
                #expect(lanes.count == 1, "\(name) \(job)")
            }
        }
        let pr = try #require(files["pinion-pr.yml"])
        #expect(pr["on"] == ["pull_request": .null])
        #expect(pr["jobs"]?["pr"]?["permissions"] == ["contents": "read"])
        let texts = pr["jobs"]?["pr"]?["steps"]?.arrayValue?.map(\.compact).joined() ?? ""
        #expect(!texts.contains("secrets.") && !texts.contains("docker login"))
        let staging = try #require(files["pinion-staging.yml"])
        #expect(staging["on"]?["push"]?["branches"] == ["release's"])
        #expect(staging["jobs"]?["staging"]?["needs"] == "build")
        #expect(staging["jobs"]?["build"]?["permissions"] == ["contents": "write", "packages": "write"])
        let platforms = staging["jobs"]?["build"]?["strategy"]?["matrix"]?["include"]?.arrayValue ?? []
        #expect(platforms.map { $0["platform"] } == ["amd64", "arm64"])
        let steps = staging["jobs"]?["staging"]?["steps"]?.arrayValue ?? []
        let environment = steps.first { $0["id"] == "lane" }?["env"]
        #expect(steps.last?["if"] == "always()" && steps.last?["with"]?["path"] == "pinion-reports")
        #expect(environment?["OPENAI_API_KEY"] == "${{ secrets.OPENAI_API_KEY }}")
        #expect(environment?["BASE_URL"] == "${{ secrets.BASE_URL }}")
        let main = try #require(files["pinion-main.yml"])
        #expect(main["on"] == ["workflow_dispatch": .null])
        #expect(main["jobs"]?["main"]?["permissions"] == ["contents": "write", "packages": "read"])
        #expect(main["jobs"]?["build"] == nil)
        #expect(files["pinion-dev.yml"]?["on"]?["push"]?["branches-ignore"] == ["release's", "pinion/**"])
        _ = folder
    }

    @Test func `GitLab: one file, with a job per platform, and one deploy at a time`() async throws {
        let (folder, files) = try await written("gitlab")
        let file = try #require(files[".gitlab-ci.yml"])
        let jobs = (file.objectValue ?? [:]).filter { $0.value["stage"] != nil }
        #expect(
            jobs.keys.sorted() == ["dev", "dev amd64", "main", "pr", "staging", "staging amd64", "staging arm64"])
        #expect(jobs["staging"]?["needs"] == ["staging amd64", "staging arm64"])
        #expect(jobs["staging"]?["resource_group"] == "pinion-staging" && jobs["staging"]?["interruptible"] == false)
        #expect(jobs["staging"]?["artifacts"]?["reports"]?["junit"] == "pinion-reports/out.xml")
        #expect(jobs["pr"]?["interruptible"] == true && jobs["pr"]?["resource_group"] == nil)
        #expect(jobs["main"]?["rules"]?[0]?["when"] == "manual")
        for (name, job) in jobs {
            #expect(job["script"]?.arrayValue?.last?.stringValue?.hasPrefix("pinion lane run ") == true, "\(name)")
        }
        _ = folder
    }

    /// Schemas that others keep, and a validator that others wrote.
    @Test(.enabled(if: Components.areThere), arguments: ["github", "gitlab"])
    func `the schemas of the two sites have nothing to say`(system: String) async throws {
        let (folder, _) = try await written(system)
        let python = try #require(ProcessInfo.processInfo.environment["PINION_PYTHON"])
        func judge(_ schema: String, _ path: String, _ more: [String] = []) async throws -> Pinion.Outcome {
            try await Pinion.run(
                python,
                ["-m", "check_jsonschema", "--builtin-schema", "vendor.\(schema)"] + more + [folder.path + "/" + path])
        }
        if system == "gitlab" {
            #expect(
                try await judge("gitlab-ci", ".gitlab-ci.yml", ["--data-transform", "gitlab-ci"]).succeeded())
        } else {
            for name in ["pr", "dev", "staging", "main"] {
                #expect(try await judge("github-workflows", ".github/workflows/pinion-\(name).yml").succeeded())
            }
            #expect(try await judge("github-actions", ".github/actions/pinion/action.yml").succeeded())
            // A judge that never finds anything is none.
            #expect(try await judge("github-workflows", ".github/actions/pinion/action.yml").exitCode != 0)
        }
    }

    @Test func `its own files are written again, and nobody else's`() async throws {
        let origin = try GitCheckout(Self.files)
        let arguments = ["lane", "ci", "--for", "gitlab", "-o", origin.path, "--repo", origin.path]
        #expect(try await Pinion.run(arguments).succeeded())
        #expect(try await Pinion.run(arguments).succeeded())
        try origin.write([".gitlab-ci.yml": "stages: [mine]\n"])
        let refused = try await Pinion.run(arguments)
        #expect(refused.exitCode == 1 && refused.stderr.contains("somebody else's"), "\(refused.stderr)")
        #expect(try String(contentsOfFile: origin.path + "/.gitlab-ci.yml", encoding: .utf8) == "stages: [mine]\n")
    }
}
