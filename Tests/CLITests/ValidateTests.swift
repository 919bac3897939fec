import Git
import JSON
import TestSupport
import Testing

/// `pinion validate` and `pinion snapshot`, as a reviewer and a pipeline use them.
@Suite(.tags(.medium))
struct ValidateTests {
    private static let path = "registry/processors/text_stats/registry.yaml"
    private static let good =
        "ref: text/stats@1\nimage:\n  platforms: {amd64: sha256:pending, arm64: sha256:pending}\nbuild: {}\n"

    private func repository(_ files: [String: String]) async throws -> RepositoryFixture {
        try await RepositoryFixture(
            ["registry/processors/text_stats/Dockerfile": "FROM scratch\n", Self.path: Self.good].merging(files) { $1 })
    }

    @Test func `a good registry passes, with its notes`() async throws {
        let fixture = try await repository([:])
        let run = try await Pinion.run(["validate", "--repo", fixture.path])
        #expect(run.exitCode == 0)
        #expect(run.stdout.contains("note[ERR_IMAGE_UNPINNED]: text/stats@1 is not pinned yet"))
        #expect(run.stderr.contains("1 processor, 0 other specs: 1 note"))
    }

    @Test func `every finding has its line and a caret`() async throws {
        let fixture = try await repository([Self.path: Self.good + "runtime: {cpu: lots}\napi: {protocl: ws}\n"])
        let run = try await Pinion.run(["validate", "--repo", fixture.path])
        #expect(run.exitCode == 1)
        #expect(
            run.stdout.contains(
                """
                error[ERR_SPEC]: 'runtime.cpu' is a string, it should be a number
                  registry/processors/text_stats/registry.yaml:5:16
                  5 | runtime: {cpu: lots}
                    |                ^^^^
                """))
        #expect(run.stdout.contains("did you mean 'protocol'?"))
    }

    @Test func `the findings come as JSON, SARIF and annotations`() async throws {
        let fixture = try await repository([Self.path: Self.good + "runtime: {cpu: lots}\n"])
        let json = try await Pinion.run(["validate", "--repo", fixture.path, "--format", "json"]).json()
        let error = json["diagnostics"]?.arrayValue?.first { $0["severity"]?.stringValue == "error" }
        #expect(error?["line"]?.intValue == 5)
        #expect(error?["column"]?.intValue == 16)

        let sarif = try await Pinion.run(["validate", "--repo", fixture.path, "--format", "sarif"]).json()
        #expect(sarif["version"]?.stringValue == "2.1.0")
        let result = sarif["runs"]?[0]?["results"]?.arrayValue?.first { $0["level"]?.stringValue == "error" }
        let region = result?["locations"]?[0]?["physicalLocation"]?["region"]
        #expect(region?["startLine"]?.intValue == 5)
        #expect(region?["endColumn"]?.intValue == 20)

        let annotations = try await Pinion.run(
            ["validate", "--repo", fixture.path], environment: ["GITHUB_ACTIONS": "true"])
        #expect(annotations.stdout.contains("::error file=\(Self.path),line=5,col=16,title=ERR_SPEC::'runtime.cpu'"))
    }

    @Test func `with a base only what the change is answerable for is said`() async throws {
        let fixture = try await repository([
            "registry/processors/old_one.yaml": "ref: old/one@1\nruntime: {cpu: lots}\n",
            "registry/schemas/a.yaml": "id: a@1\nschema: {}\n",
            "registry/processors/uses_it.yaml":
                "ref: uses/it@1\npredicates: {success: [{id: json.schema_ok@1, args: {path: x, schema_ref: a@1}}]}\n",
        ])
        try await fixture.commit(["README.md": "x", "registry/schemas/a.yaml": nil])
        let all = try await Pinion.run(["validate", "--repo", fixture.path, "--format", "json"]).json()
        #expect(all["diagnostics"]?.arrayValue?.count { $0["severity"]?.stringValue == "error" } == 2)
        let run = try await Pinion.run(["validate", "--repo", fixture.path, "--format", "json", "--base", "main~1"])
        #expect(run.exitCode == 1)
        let found = try run.json()["diagnostics"]?.arrayValue ?? []
        #expect(found.map { $0["message"]?.stringValue } == ["there is no schema a@1 in the registry"])
        let same = try await Pinion.run(["validate", "--repo", fixture.path, "--base", "main"])
        #expect(same.exitCode == 0)
    }

    @Test func `the working tree is judged when it is asked for`() async throws {
        let fixture = try await repository([:])
        let checkout = fixture.folder.path + "/checkout"
        _ = try await Pinion.run("git", ["clone", "--quiet", fixture.path, checkout])
        _ = try await Pinion.run("sh", ["-c", "echo 'runtime: {cpu: lots}' >> \(checkout)/\(Self.path)"])
        #expect(try await Pinion.run(["validate"], in: checkout).succeeded())
        let run = try await Pinion.run(["validate", "--worktree"], in: checkout)
        #expect(run.exitCode == 1)
        #expect(run.stderr.contains("the working tree"))
    }

    @Test func `a repository elsewhere is read by its address, and read anew when it moved on`() async throws {
        let fixture = try await repository([:])
        let caches = fixture.folder.path + "/caches"
        let address = ["validate", "--repo", "file://" + fixture.path]
        #expect(try await Pinion.run(address, environment: ["XDG_CACHE_HOME": caches]).succeeded())
        try await fixture.commit([Self.path: Self.good + "runtime: {cpu: lots}\n"])
        #expect(try await Pinion.run(address, environment: ["XDG_CACHE_HOME": caches]).exitCode == 1)
        let nowhere = try await Pinion.run(
            ["validate", "--repo", "http://127.0.0.1:9/none.git"], environment: ["XDG_CACHE_HOME": caches])
        #expect(nowhere.exitCode == 69)
        #expect(nowhere.stderr.contains("error[ERR_NETWORK]"), "\(nowhere.stderr)")
    }

    @Test func `a pasted secret shows neither in text nor in any other form`() async throws {
        let key = "sk-" + "a8Zk39fjQp20XmvB71LwTe64"
        let fixture = try await repository([Self.path: Self.good + "description: \(key)\n"])
        for format in ["text", "json", "sarif", "github"] {
            let run = try await Pinion.run(["validate", "--repo", fixture.path, "--format", format])
            #expect(run.exitCode == 1)
            #expect(!(run.stdout + run.stderr).contains(key))
        }
    }

    @Test func `a snapshot is written, found by its id, and compared`() async throws {
        let fixture = try await repository([:])
        let file = fixture.folder.path + "/snapshot.json"
        let id = try await Pinion.run(["snapshot", "--repo", fixture.path, "-o", file])
        #expect(id.exitCode == 0)
        #expect(id.stdout.hasPrefix("sha256:"))
        try await fixture.commit([Self.path: Self.good + "name: New\n"])
        let digits = String(id.stdout.dropFirst("sha256:".count).prefix(8))
        let shown = try await Pinion.run(["snapshot", "show", digits, "--repo", fixture.path])
        #expect(shown.stdout.hasPrefix(id.stdout.trimming("\n")), "\(shown.stderr)")
        let difference = try await Pinion.run(["snapshot", "diff", file, "main", "--repo", fixture.path])
        #expect(difference.stdout == "~ processors text/stats@1  /name\n")
        let missing = try await Pinion.run(["snapshot", "show", "ffffffff", "--repo", fixture.path])
        #expect(missing.exitCode == 1)
    }
}

extension String {
    fileprivate func trimming(_ end: String) -> String { hasSuffix(end) ? String(dropLast(end.count)) : self }
}
