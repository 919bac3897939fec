import DeploymentModel
import JSON
import TestSupport
import Testing

/// The battery finds what is broken, and nothing else.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct ConformanceTests {
    /// Breaks what a lazy author breaks: takes any mode and any inputs, answers by chance, needs no secret, and does not
    /// hear SIGTERM.
    private static let program = #"""
        import json, os, signal, urllib.request
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        signal.signal(signal.SIGTERM, signal.SIG_IGN)

        class Handler(BaseHTTPRequestHandler):
            def answer(self, value):
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer({"ok": True})

            def do_POST(self):
                if self.path != "/run":
                    return self.send_error(404)
                payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                data = os.urandom(8).hex().encode()
                entry = {"path": payload["write_prefix"] + "chance.txt", "size_bytes": len(data)}
                index = json.dumps({"outputs": [entry]}, separators=(",", ":")).encode()
                for name, body in (("outputs/chance.txt", data), ("outputs.json", index)):
                    if "put_urls" in payload:
                        urllib.request.urlopen(urllib.request.Request(payload["put_urls"][name], body, method="PUT"))
                self.answer({"status": "success", "execution_id": payload["execution_id"], "outputs": [entry],
                             "index_path": payload["write_prefix"] + "outputs.json", "meta": {}})

            def log_message(self, *arguments):
                pass

        ThreadingHTTPServer(("", 8000), Handler).serve_forever()
        """#

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
