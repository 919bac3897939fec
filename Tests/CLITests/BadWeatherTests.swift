import DeploymentModel
import Git
import JSON
import TestSupport
import Testing

/// What goes wrong in the world, made to go wrong for real.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct BadWeatherTests {
    /// A processor of the namespace `NS` whose server is this Python text.
    private func processor(_ name: String, server: String, dockerfile: String? = nil) -> [String: String] {
        let folder = "registry/processors/NS_\(name)"
        return [
            "\(folder)/registry.yaml": """
            ref: NS/\(name)@1
            image:
              platforms: {amd64: sha256:pending, arm64: sha256:pending}
            build:
              args: {BASE: "\(Components.registry)/pinion/python:3"}
            api: {protocol: http}
            smoke: {startup_s: 3}
            """,
            "\(folder)/Dockerfile": dockerfile ?? """
                ARG BASE
                FROM ${BASE}
                COPY server.py /server.py
                ENTRYPOINT ["python3", "-u", "/server.py"]
                """,
            "\(folder)/server.py": server,
        ]
    }

    private func codes(_ outcome: Pinion.Outcome, _ name: String) throws -> [String] {
        let entries = try outcome.json()["entries"]?.arrayValue ?? []
        let entry = entries.first { $0["ref"]?.stringValue?.hasSuffix("/\(name)@1") == true }
        return entry?["failures"]?.arrayValue?.compactMap { $0["code"]?.stringValue } ?? []
    }

    @Test func `a Dockerfile that fails shows its output, the others are done, and the next run carries on`()
        async throws
    {
        let broken = processor(
            "broken", server: "", dockerfile: "ARG BASE\nFROM ${BASE}\nRUN [\"python3\", \"/nothing-there\"]\n")
        try await Sample.with(["text_hash"], more: broken) { sample in
            let run = try await sample.reconcile("--json")
            #expect(run.exitCode == 1)
            #expect(try codes(run, "broken").allSatisfy { $0 == "ERR_IMAGE_BUILD" })
            #expect(try !codes(run, "broken").isEmpty)
            #expect(try codes(run, "hash").isEmpty)
            #expect(run.stderr.contains("nothing-there"), "the end of the build's output is shown")
            #expect(try await sample.fixture.text(sample.spec("broken"))?.contains("sha256:pending, arm64") == true)
            #expect(try await sample.fixture.text(sample.spec("hash"))?.contains("pending") == false)
            #expect(try await sample.containers().map(\.ref.name) == ["hash"])

            try await sample.fixture.commit([
                "registry/processors/\(sample.namespace)_broken/nothing-there": "x",
                "registry/processors/\(sample.namespace)_broken/Dockerfile":
                    "ARG BASE\nFROM ${BASE}\nCOPY nothing-there server.py /\nENTRYPOINT [\"python3\", \"/server.py\"]\n",
                "registry/processors/\(sample.namespace)_broken/server.py": "raise SystemExit('no server here')\n",
            ])
            let next = try await sample.reconcile("--json")
            #expect(try codes(next, "broken") == ["ERR_HEALTH"], "it builds now, and does not start")
            #expect(next.stderr.contains("no server here"), "the container's last words are shown")
            #expect(try await sample.containers().map(\.ref.name) == ["hash"], "what failed is not left behind")
        }
    }

    @Test func `a processor that never gets healthy and one that answers garbage are told apart`() async throws {
        let mute = """
            import http.server
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    print("asked for health, not well", flush=True)
                    self.send_error(503)
            http.server.HTTPServer(("", 8000), Handler).serve_forever()
            """
        let garbage = """
            import http.server
            class Handler(http.server.BaseHTTPRequestHandler):
                def answer(self, text):
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                def do_GET(self):
                    self.answer(b'{"ok": true}')
                def do_POST(self):
                    self.answer(b"<html>not an envelope</html>")
            http.server.HTTPServer(("", 8000), Handler).serve_forever()
            """
        let more = processor("mute", server: mute).merging(processor("garbage", server: garbage)) { $1 }
        try await Sample.with([], more: more) { sample in
            let run = try await sample.reconcile("--json")
            #expect(run.exitCode == 1)
            #expect(try codes(run, "mute") == ["ERR_HEALTH"])
            #expect(try codes(run, "garbage") == ["ERR_BAD_RESPONSE"])
            #expect(run.stderr.contains("asked for health, not well"))
            #expect(try await sample.containers().isEmpty)
        }
    }

    @Test func `without an engine the run says so and changes nothing`() async throws {
        try await Sample.with(["text_hash"]) { sample in
            let tip = try await sample.fixture.repository.commit(at: "main").id
            let run = try await sample.reconcile(environment: ["DOCKER_HOST": "unix:///nonexistent/docker.sock"])
            #expect(run.exitCode == 69)
            #expect(run.stderr.contains("ERR_DOCKER"))
            #expect(run.stdout.isEmpty)
            #expect(try await sample.fixture.repository.commit(at: "main").id == tip)
            #expect(try await sample.reconcile().exitCode == 0, "the next run carries on")
        }
    }

    @Test func `an OCI registry that does not answer stops the refs that need it and no others`() async throws {
        // Port 9 of loopback: nobody listens there.
        let more = processor("lost", server: "").mapValues {
            $0.replacing("image:\n", with: "image:\n  repository: 127.0.0.1:9/local/lost\n")
        }
        try await Sample.with(["text_hash"], more: more) { sample in
            let run = try await sample.reconcile("--json")
            #expect(run.exitCode == 1)
            let found = try codes(run, "lost")
            #expect(!found.isEmpty)
            #expect(found.allSatisfy { ["ERR_NETWORK", "ERR_IMAGE_PUSH"].contains($0) }, "\(found) \(run.stderr)")
            #expect(try codes(run, "hash").isEmpty)
            #expect(try await sample.fixture.text(sample.spec("lost"))?.contains("sha256:pending, arm64") == true)
        }
    }

    @Test func `all findings of broken specs are shown with their places, and the others are done`() async throws {
        let broken = [
            "registry/processors/NS_one/registry.yaml": "ref: NS/one@1\napi: {protocol: grpc}\nruntime: {cpu: lots}\n",
            "registry/processors/NS_two/registry.yaml": "ref: [NS/two@1\n",
        ]
        try await Sample.with(["text_hash"], more: broken) { sample in
            let run = try await sample.reconcile()
            #expect(run.exitCode == 1)
            for place in ["one/registry.yaml:2:17", "one/registry.yaml:3:16", "two/registry.yaml:1:"] {
                #expect(run.stderr.contains("\(sample.namespace)_\(place)"), "\(run.stderr)")
            }
            #expect(run.stderr.contains("^^^^"))
            #expect(try await sample.containers().count == 1)
        }
    }
}
