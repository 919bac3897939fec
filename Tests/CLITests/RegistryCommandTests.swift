import DeploymentModel
import FoundationEssentials
import Git
import JSON
import TestSupport
import Testing

/// `pinion registry docs|schema`, and what stands in for a repository.
@Suite(.tags(.medium))
struct RegistryCommandTests {
    private static let path = "registry/processors/text_stats/registry.yaml"
    private static let good =
        "ref: text/stats@1\nimage:\n  platforms: {amd64: sha256:pending, arm64: sha256:pending}\nbuild: {}\n"

    private func fixture(_ files: [String: String] = [:]) async throws -> RepositoryFixture {
        try await RepositoryFixture(
            ["registry/processors/text_stats/Dockerfile": "FROM scratch\n", Self.path: Self.good].merging(files) { $1 })
    }

    /// Writes that an environment runs a processor.
    private func deploy(_ ref: String, to environment: String, in fixture: RepositoryFixture) async throws {
        let ref = try ProcessorRef(ref)
        let image = try ImageReference("127.0.0.1:1/x").pinned(to: SimulatedWorld.digest(environment))
        let tip = try await fixture.repository.commit(at: "main").id
        let revision = RefRecord.Revision(commit: tip.hex, specHash: "s", pins: [.amd64: image], keys: [:])
        let record = RefRecord(ref: ref, desired: revision, applied: revision, binding: nil, evidence: [])
        _ = try await fixture.repository.commit(
            [.write(path: "processors/\(ref).json", content: Array(try JSONEncoder().encode(record)))], onto: nil,
            moving: "refs/pinion/env/\(environment)", message: "record", as: RepositoryFixture.authorship,
            time: 1_700_000_000)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func `docs are written, are the same again, and follow what is removed`() async throws {
        let fixture = try await fixture(["registry/schemas/a.yaml": "id: a@1\nschema: {}\n"])
        let folder = fixture.folder.path + "/docs"
        let arguments = ["registry", "docs", "--repo", fixture.path, "--output", folder]
        let first = try await Pinion.run(arguments)
        #expect(first.exitCode == 0, "\(first.stderr)")
        #expect(first.stdout == "\(folder)/index.md\n")
        #expect(try text(folder + "/index.md").contains("[text/stats@1](processors/text_stats_v1.md)"))
        #expect(try await Pinion.run(arguments).stderr == "3 pages, nothing to write\n")
        try await fixture.commit(["registry/schemas/a.yaml": nil])
        #expect(try await Pinion.run(arguments).stderr.contains("removed \(folder)/schemas/a_v1.md"))
        let before = try await Pinion.run(arguments + ["--rev", "main~1"])
        #expect(before.stderr.contains("wrote \(folder)/schemas/a_v1.md"))
    }

    @Test func `docs touch nobody else's file, and are not written of a broken registry`() async throws {
        let fixture = try await fixture()
        let folder = fixture.folder.path + "/docs"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("# Mine\n".utf8).write(to: URL(filePath: folder + "/index.md"))
        let arguments = ["registry", "docs", "--repo", fixture.path, "--output", folder]
        let refused = try await Pinion.run(arguments)
        #expect(refused.exitCode == 1)
        #expect(refused.stderr.contains("no page that Pinion wrote"))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder) == ["index.md"])
        #expect(try text(folder + "/index.md") == "# Mine\n")
        try await fixture.commit([Self.path: "ref: broken\n"])
        try FileManager.default.removeItem(atPath: folder + "/index.md")
        let broken = try await Pinion.run(arguments)
        #expect(broken.exitCode == 1)
        #expect(broken.stderr.contains("error[ERR_SPEC]") && broken.stderr.contains(Self.path))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).isEmpty)
    }

    @Test func `docs say where a processor is deployed, in environments that nothing describes too`() async throws {
        let fixture = try await fixture()
        for environment in ["staging", "canary-eu"] {
            try await deploy("text/stats@1", to: environment, in: fixture)
        }
        let folder = fixture.folder.path + "/docs"
        let home = ["XDG_CACHE_HOME": fixture.folder.path + "/caches"]
        for address in [fixture.path, "file://" + fixture.path] {
            let run = try await Pinion.run(
                ["registry", "docs", "--repo", address, "--output", folder], environment: home)
            #expect(run.exitCode == 0, "\(run.stderr)")
            let page = try text(folder + "/processors/text_stats_v1.md")
            #expect(page.contains("| canary-eu | linux/amd64 | `\(SimulatedWorld.digest("canary-eu"))` |"), "\(page)")
            #expect(page.contains("| staging | linux/amd64 |"))
            #expect(try text(folder + "/index.md").contains("| canary-eu, staging |"))
        }
    }

    @Test func `a snapshot file stands in for a repository, and what it cannot tell is said`() async throws {
        let fixture = try await fixture([
            "registry/schemas/a.yaml": "id: a@1\nschema: {type: object}\n",
            "registry/processors/other_one.yaml": "ref: other/one@1\ninputs: {$ref: a@1}\nruntime: {cpu: 2}\n",
        ])
        try await deploy("text/stats@1", to: "staging", in: fixture)
        let elsewhere = try TemporaryFolder()
        let file = elsewhere.path + "/registry.json"
        #expect(try await Pinion.run(["snapshot", "--repo", fixture.path, "-o", file]).succeeded())

        let judged = try await Pinion.run(["validate", "--snapshot", "registry.json"], in: elsewhere.path)
        #expect(judged.exitCode == 0, "\(judged.stdout)\(judged.stderr)")
        #expect(judged.stderr.contains("registry.json: 2 processors, 1 other spec"))
        #expect(judged.stderr.contains("whether builds find their files"))
        #expect(judged.stdout.contains("text/stats@1 is not pinned yet"))

        let docs = try await Pinion.run(
            ["registry", "docs", "--snapshot", "registry.json", "--output", "docs"], in: elsewhere.path)
        #expect(docs.exitCode == 0, "\(docs.stderr)")
        let page = try text(elsewhere.path + "/docs/processors/text_stats_v1.md")
        #expect(page.contains("Nowhere, as far as records say."))
        #expect(page.contains("registry.json#/processors/text~1stats@1"))

        let shown = try await Pinion.run(["snapshot", "show", "registry.json"], in: elsewhere.path)
        #expect(shown.stdout.contains("processors: other/one@1, text/stats@1"))
    }

    @Test func `a finding of a snapshot has its line in the snapshot`() async throws {
        let fixture = try await fixture([
            "registry/processors/other_one.yaml": "ref: other/one@1\nruntime: {cpu: 2}\napi: {protocol: ws}\n"
        ])
        let folder = try TemporaryFolder()
        let file = folder.path + "/registry.json"
        _ = try await Pinion.run(["snapshot", "--repo", fixture.path, "-o", file])
        // A spec that this version finds something wrong with, with an id that is right.
        let changed = try text(file).replacing("\"protocol\": \"ws\"", with: "\"protocol\": \"grpc\"")
        try Data(changed.utf8).write(to: URL(filePath: file))
        let tampered = try await Pinion.run(["validate", "--snapshot", file])
        #expect(tampered.exitCode == 1)
        #expect(tampered.stderr.contains("error[ERR_REGISTRY_MISMATCH]"), "\(tampered.stderr)")
        let id = try #require(
            tampered.stderr.split(separator: " ").last { $0.hasPrefix("sha256:") }
        ).prefix(71)
        let old = try #require(try JSONValue(parsing: changed)["snapshot_id"]?.stringValue)
        try Data(changed.replacing(old, with: id).utf8).write(to: URL(filePath: file))
        let run = try await Pinion.run(["validate", "--snapshot", file, "--format", "json"])
        #expect(run.exitCode == 1)
        let error = try run.json()["diagnostics"]?.arrayValue?.first { $0["severity"]?.stringValue == "error" }
        #expect(error?["file"]?.stringValue == file)
        let line = try #require(error?["line"]?.intValue)
        #expect(changed.split(separator: "\n")[Int(line) - 1].contains("grpc"))
        let shown = try await Pinion.run(["validate", "--snapshot", file])
        #expect(shown.stdout.contains("\"protocol\": \"grpc\""), "\(shown.stdout)")
    }

    @Test func `a snapshot id stands for the commit that has it, on whatever branch`() async throws {
        let fixture = try await fixture()
        let id = try await Pinion.run(["snapshot", "--repo", fixture.path]).json()["snapshot_id"]?.stringValue ?? ""
        let first = try await fixture.repository.commit(at: "main").id
        try await fixture.commit([Self.path: "ref: broken\n"])
        try await fixture.commit(["README.md": "x"])
        for name in [id, String(id.dropFirst(7).prefix(8)).uppercased()] {
            let run = try await Pinion.run(["validate", "--repo", fixture.path, "--snapshot", name])
            #expect(run.exitCode == 0, "\(name): \(run.stdout)\(run.stderr)")
            let shown = try await Pinion.run(["snapshot", "show", name, "--repo", fixture.path])
            #expect(shown.stdout.hasPrefix("\(id)\ncommit \(first.hex) of 2023-11-14T22:13:20Z\n"), "\(shown.stderr)")
        }
        // The same content on a branch that HEAD does not name.
        try await fixture.repository.move("refs/heads/kept", to: first, expecting: nil)
        let tip = try await fixture.repository.commit(at: "main").id
        let orphan = try await fixture.repository.commit(
            [.write(path: "a", content: [])], onto: nil, moving: "refs/heads/new", message: "new",
            as: RepositoryFixture.authorship, time: 1_700_000_000)
        try await fixture.repository.move("refs/heads/main", to: #require(orphan), expecting: tip)
        #expect(try await Pinion.run(["snapshot", "show", id, "--repo", fixture.path]).succeeded())
        let missing = try await Pinion.run(["snapshot", "show", id, "--repo", fixture.path, "--rev", "main"])
        #expect(missing.exitCode == 1)
        #expect(missing.stderr.contains("there is no snapshot"))
    }

    @Test(arguments: [
        ["validate", "--snapshot", "x", "--rev", "main"], ["validate", "--snapshot", "x", "--worktree"],
        ["validate", "--snapshot", "x", "--base", "main"], ["validate", "--rev", "main", "--worktree"],
        ["validate", "--format", "xml"], ["registry", "docs", "--snapshot", "x", "--rev", "main"],
        ["registry", "schema", "--kind", "moon"], ["registry"], ["new"], ["snapshot", "show"],
        ["snapshot", "diff", "x"],
        ["new", "processor"], ["new", "processor", "Text"], ["new", "processor", "a/b", "--protocol", "grpc"],
        ["new", "processor", "a/b", "--folder", "../processors"],
    ])
    func `a command line that cannot be meant exits with 64`(arguments: [String]) async throws {
        let run = try await Pinion.run(arguments)
        // A noun alone shows its help.
        #expect(run.exitCode == (arguments.count == 1 ? 0 : 64), "\(run.stderr)")
    }

    @Test(arguments: ["processor", "tool", "schema", "policy", "prompt", "environments"])
    func `the committed schemas are what the command prints`(kind: String) async throws {
        let run = try await Pinion.run(["registry", "schema", "--kind", kind])
        #expect(run.exitCode == 0)
        #expect(run.stderr.isEmpty)
        #expect(
            try text(Self.root + "/registry/\(kind).schema.json") == run.stdout,
            "write them anew with: pinion registry schema --output registry")
    }

    @Test func `every file of the sample registry names its schema, by a path that leads there`() async throws {
        let folder = try TemporaryFolder()
        let run = try await Pinion.run(["registry", "schema", "--output", folder.path + "/new"])
        #expect(run.exitCode == 0)
        #expect(run.stdout.split(separator: "\n").count == 7)
        let kinds = ["tools": "tool", "schemas": "schema", "policies": "policy", "prompts": "prompt"]
        var count = 0
        for top in ["registry", "pipelines"] {
            for path in try FileManager.default.subpathsOfDirectory(atPath: "\(Self.root)/\(top)")
            where path.hasSuffix(".yaml") {
                let file = "\(Self.root)/\(top)/\(path)"
                let line = try #require(try text(file).split(separator: "\n").first)
                let mark = "# yaml-language-server: $schema="
                #expect(line.hasPrefix(mark), "\(path)")
                let folder = file.split(separator: "/").dropLast().map { "/" + $0 }.joined()
                let schema = folder + "/" + line.dropFirst(mark.count)
                let first = String(path.split(separator: "/")[0])
                let lane = path == "environments.yaml" ? "environments" : "lane"
                let kind = top == "pipelines" ? lane : kinds[first] ?? "processor"
                #expect(FileManager.default.fileExists(atPath: schema), "\(path)")
                #expect(schema.hasSuffix("/\(kind).schema.json"), "\(path)")
                count += 1
            }
        }
        #expect(count == 15)
    }

    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
}
