import FoundationEssentials
import JSON
import TestSupport
import Testing

/// `pinion init`: what it proposes, what it writes, and what it leaves alone.
@Suite(.tags(.medium))
struct InitTests {
    private static let server = "def answer(path):\n    return path in ('/healthz', '/run')\n"
    private static let files = [
        "services/Hello.World/Dockerfile":
            "FROM python:3.12\nCOPY app.py /\nEXPOSE 9000/tcp\nCMD [\"python3\", \"/app.py\"]\n",
        "services/Hello.World/app.py": server,
        "code/processors/text_stats/Containerfile": "FROM python:3.12\nENTRYPOINT [\"python3\", \"/app.py\"]\n",
        "code/processors/text_stats/app.py": server + "PROTOCOL = 'theory.run.v1'\n",
        "tools/cli/Dockerfile": "FROM alpine\nCMD [\"sh\"]\n", "base/Dockerfile": "FROM scratch\n",
        "registry/processors/text_known.yaml": "ref: text/known@1\nbuild: {context: //known}\n",
        "known/Dockerfile": "FROM python:3.12\nCMD [\"python3\"]\n", "known/app.py": server,
    ]

    private func run(_ arguments: String..., in checkout: GitCheckout) async throws -> Pinion.Outcome {
        try await Pinion.run(arguments, in: checkout.path, environment: checkout.environment.mapValues { $0 })
    }

    private func status(_ checkout: GitCheckout) throws -> String {
        try checkout.git(["status", "--porcelain", "--untracked-files=all"])
    }

    @Test func `nothing is written through a link that leads elsewhere`() async throws {
        let checkout = try GitCheckout(Self.files)
        let elsewhere = try TemporaryFolder()
        try FileManager.default.createSymbolicLink(
            atPath: checkout.path + "/pipelines", withDestinationPath: elsewhere.path)
        let written = try await run("init", "--yes", in: checkout)
        #expect(written.exitCode == 1)
        #expect(written.stderr.contains("pipelines is a symbolic link"), "\(written.stderr)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere.path).isEmpty)
    }

    @Test func `it shows everything, and writes nothing without a yes`() async throws {
        let checkout = try GitCheckout(Self.files)
        let shown = try await run("init", "--namespace", "acme", in: checkout)
        #expect(shown.exitCode == 0, "\(shown.stderr)")
        for part in [
            "+ registry/processors/acme_hello_world.yaml  ", "    ref: acme/hello-world@1\n",
            "      context: //services/Hello.World\n", "      port: 9000\n", "    api: {protocol: http,",
            "+ code/processors/text_stats/registry.yaml  ", "    ref: text/stats@1\n",
            "      dockerfile: Containerfile\n",
            "    api: {protocol: ws,", "+ pipelines/environments.yaml  ", "+ pipelines/pr.yaml  ",
            "= tools/cli/Dockerfile  no spec: nothing beside it speaks of /healthz and /run",
            "= base/Dockerfile  no spec: it starts no program", "= known/Dockerfile  no spec: there is a spec for it",
        ] { #expect(shown.stdout.contains(part), "\(part)") }
        #expect(shown.stderr.contains("Nothing was written"))
        #expect(!shown.stdout.contains("staging") && !shown.stdout.contains("git config"))
        #expect(try status(checkout) == "")
    }

    @Test(arguments: [nil, "ghcr.io/acme"])
    func `what it writes is valid, is committed, and can be planned; a second time there is nothing`(
        registry: String?
    ) async throws {
        let checkout = try GitCheckout(Self.files)
        try checkout.git(["remote", "add", "origin", checkout.folder.path + "/elsewhere"])
        let more = registry.map { ["--registry", $0] } ?? []
        let written = try await Pinion.run(
            ["init", "--yes", "--json"] + more, in: checkout.path, environment: checkout.environment.mapValues { $0 })
        #expect(written.exitCode == 0, "\(written.stderr)")
        let paths = try written.json()["files"]?.arrayValue?.compactMap { $0["path"]?.stringValue } ?? []
        #expect(Set(try status(checkout).split(separator: "\n").map { String($0.dropFirst(3)) }) == Set(paths))
        let lanes = paths.filter { $0.hasPrefix("pipelines/") && $0 != "pipelines/environments.yaml" }
        #expect(
            lanes.map { $0.dropFirst(10) }
                == (registry == nil
                    ? ["local.yaml", "pr.yaml"]
                    : ["dev.yaml", "local.yaml", "main.yaml", "pr.yaml", "staging.yaml"]))
        #expect(
            try checkout.git(["config", "--get-all", "remote.origin.fetch"])
                == "+refs/heads/*:refs/remotes/origin/*")

        let validation = try await run("validate", "--worktree", "--format", "json", in: checkout)
        #expect(validation.exitCode == 0, "\(validation.stdout)")
        // What is pending is a note; nothing else is said.
        let said =
            try validation.json()["diagnostics"]?.arrayValue?
            .filter { $0["file"] != "registry/processors/text_known.yaml" } ?? []
        #expect(said.count == 2)
        #expect(said.allSatisfy { $0["code"] == "ERR_IMAGE_UNPINNED" && $0["severity"] == "note" }, "\(said)")

        try checkout.commit([:])
        #expect(try await run("lane", "list", in: checkout).succeeded())
        let again = try await run("init", in: checkout)
        #expect(again.exitCode == 0 && again.stdout.contains("Nothing to write"), "\(again.stdout)")
        #expect(again.stderr.isEmpty, "\(again.stderr)")
    }

    @Test func `what is there is never written over, broken or not`() async throws {
        let mine = [
            "pipelines/environments.yaml": "environments: [", "pipelines/pr.yaml": "mine",
            "registry/lane.schema.json": "{}",
            "registry/processors/acme_hello_world.yaml": "ref: [",
        ]
        let checkout = try GitCheckout(Self.files)
        // Not even committed: what counts is what lies there.
        try checkout.write(mine)
        let written = try await run("init", "--namespace", "acme", "--yes", in: checkout)
        #expect(written.exitCode == 0, "\(written.stderr)")
        for (path, text) in mine {
            #expect(try String(contentsOfFile: "\(checkout.path)/\(path)", encoding: .utf8) == text, "\(path)")
        }
        #expect(FileManager.default.fileExists(atPath: checkout.path + "/code/processors/text_stats/registry.yaml"))
    }

    @Test func `a repository without a commit, a folder below its root, and wrong words`() async throws {
        let checkout = try GitCheckout()
        try checkout.write(Self.files)
        let inside = try await Pinion.run(
            ["init", "--yes"], in: checkout.path + "/services", environment: checkout.environment.mapValues { $0 })
        #expect(inside.exitCode == 0, "\(inside.stderr)")
        #expect(FileManager.default.fileExists(atPath: checkout.path + "/pipelines/pr.yaml"))
        #expect(try await run("init", "--namespace", "No Name", in: checkout).exitCode == 1)
        #expect(try await run("init", "--registry", "https://x", in: checkout).exitCode == 1)
        let bare = try await run("init", "--repo", checkout.path + "/.git/refs", in: checkout)
        #expect(bare.exitCode == 1 && bare.stderr.contains("ERR_GIT"), "\(bare.stderr)")
    }
}

/// The same with what a plan needs.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct InitPlanTests {
    @Test func `a processor of somebody's own is planned after it`() async throws {
        let checkout = try GitCheckout([
            "hello/Dockerfile": "FROM scratch\nCOPY server.py /\nCMD [\"/server.py\"]\n",
            "hello/server.py": "# answers /healthz and /run\n",
        ])
        let variables = checkout.environment.mapValues { Optional($0) }
        #expect(
            try await Pinion.run(["init", "--yes", "--namespace", "acme"], in: checkout.path, environment: variables)
                .succeeded())
        try checkout.commit([:])
        let plan = try await Pinion.run(["plan", "--json"], in: checkout.path, environment: variables)
        #expect(plan.exitCode == 0, "\(plan.stderr)")
        let items = try plan.json()["items"]?.arrayValue ?? []
        #expect(items.map { $0["ref"] } == ["acme/hello@1"])
        #expect(items.first?["builds"]?.arrayValue?.count == 2)

        // What a workflow shows of it, on a branch whose name would be much.
        try checkout.git(["checkout", "--quiet", "-b", "a%0A`|</details>"])
        let (summary, outputs) = (checkout.folder.path + "/summary", checkout.folder.path + "/outputs")
        let workflow = [
            "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": outputs,
        ]
        let shown = try await Pinion.run(
            ["plan"], in: checkout.path, environment: variables.merging(workflow) { $1 })
        #expect(shown.exitCode == 0, "\(shown.stderr)")
        let page = try String(contentsOfFile: summary, encoding: .utf8)
        #expect(page.hasPrefix("### ✅ plan → local\n") && page.contains("1 to build, 1 to pin"), "\(page)")
        #expect(page.contains("\n```text\nlocal ← a%0A`|</details>@"), "\(page)")
        let values = try String(contentsOfFile: outputs, encoding: .utf8)
        #expect(values.contains("\n[\"acme/hello@1\"]\n") && values.contains("\ntrue\n"), "\(values)")
    }
}
