import DeploymentModel
import JSON
import TestSupport
import Testing

/// The battery finds what is broken, and nothing else.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct ConformanceTests {
    /// Breaks what a lazy author breaks: takes any mode and any inputs, answers by chance, needs no secret, and does not
    /// hear SIGTERM.
    private static let program = PythonProcessor(
        writing: "chance.txt", "os.urandom(8).hex().encode()", setup: "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    ).text

    private static let spec = """
        ref: NS/lazy@1
        image:
          platforms: {amd64: "sha256:pending", arm64: "sha256:pending"}
        build: {context: ., args: {BASE: "\(Components.registry)/pinion/python:3"}}
        runtime: {cpu: 1, memory_gb: 1, timeout_s: 60}
        secrets: [LAZY_KEY]
        api: {protocol: http}
        inputs: {type: object, required: [schema], properties: {schema: {const: v1}}}
        outputs: [{path: chance.txt, mime: text/plain}]
        smoke: {inputs: {schema: v1}}
        """

    @Test func `each broken rule is found`() async throws {
        let folder = "registry/processors/NS_lazy"
        let files = [
            "\(folder)/registry.yaml": Self.spec, "\(folder)/lazy.py": Self.program,
            "\(folder)/Dockerfile":
                "ARG BASE\nFROM ${BASE}\nCOPY lazy.py /lazy.py\nENTRYPOINT [\"python3\", \"/lazy.py\"]\n",
        ]
        try await Sample.with([], more: files) { sample in
            #expect(try await sample.reconcile().succeeded())
            let outcome = try await Pinion.run(
                ["conformance", "\(sample.namespace)/lazy@1", "--repo", sample.path, "--json"])
            #expect(outcome.exitCode == 1, "\(outcome.stderr)")
            let entries = try #require(try outcome.json()["entries"]?.arrayValue)
            let found = Dictionary(
                entries.map { ($0["rule"]?.stringValue ?? "", $0["status"]?.stringValue ?? "") }
            ) { first, _ in first }
            #expect(
                found == [
                    "health": "passed", "run": "passed", "determinism": "failed", "mode-unknown": "failed",
                    "bad-inputs": "failed", "cancellation": "passed", "in-a-row": "passed", "at-once": "passed",
                    "stop": "failed", "missing-secret": "failed",
                ])
            let junit = try await Pinion.run(
                ["conformance", "\(sample.namespace)/lazy@1", "--repo", sample.path, "--format", "junit"])
            #expect(junit.stdout.contains("tests=\"10\" failures=\"5\" skipped=\"0\""), "\(junit.stdout)")
            #expect(junit.stdout.contains("<failure message=\"it had to be killed\""))
        }
    }

    @Test func `the sample registry's processors keep every rule`() async throws {
        try await Sample.with(["llm_litellm", "text_stats", "text_hash", "media_metadata"]) { sample in
            #expect(try await sample.reconcile().succeeded())
            for name in ["litellm", "stats", "hash", "metadata"] {
                let outcome = try await Pinion.run(
                    ["conformance", "\(sample.namespace)/\(name)@1", "--repo", sample.path])
                #expect(outcome.exitCode == 0, "\(outcome.stdout)\(outcome.stderr)")
                #expect(outcome.stdout.contains(" 0 broken"))
            }
        }
    }
}
