import DeploymentModel
import FoundationEssentials
import JSON
import TestSupport
import Testing

/// Envelopes that lie, and processors that fail, in real containers: each is refused with its code, and nothing is kept.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct LyingProcessorTests {
    private static let spec = """
        ref: NS/liar@1
        image:
          platforms: {amd64: "sha256:pending", arm64: "sha256:pending"}
        build: {context: ., args: {BASE: "\(Components.registry)/pinion/python:3"}}
        runtime: {cpu: 1, memory_gb: 1, timeout_s: 60}
        secrets: {optional: [LIAR_KEY]}
        api: {protocol: http}
        inputs: {type: object}
        outputs: [{path: a.txt, mime: text/plain}]
        smoke: {inputs: {}, startup_s: 5}
        """

    /// Does what `inputs.fault` says.
    private static let program = #"""
        import json, os, time, urllib.request
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        def put(url, data):
            urllib.request.urlopen(urllib.request.Request(url, data, method="PUT"))

        class Handler(BaseHTTPRequestHandler):
            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(b'{"ok":true}')

            def do_POST(self):
                if self.path != "/run":
                    return self.send_error(404)
                payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fault, prefix = payload["inputs"].get("fault"), payload["write_prefix"]
                print("asked for", fault, flush=True)
                if fault == "hang":
                    time.sleep(60)
                if fault == "die":
                    os._exit(7)
                if fault in ("tell", "confess"):
                    key = os.environ["LIAR_KEY"]
                    print("the key is", key, flush=True)
                    answer = {"status": "error", "execution_id": payload["execution_id"],
                              "error": {"code": "ERR_PROVIDER", "message": "bad key " + key}, "meta": {key: [key]}}
                    return self.answer(key.encode() if fault == "confess" else json.dumps(answer).encode())
                if fault == "garbage":
                    return self.answer(b"<html>")
                if fault == "huge":
                    return self.answer(b'{"status":"success","x":"' + b"x" * 100_000_000 + b'"}')
                if fault == "own":
                    return self.answer(json.dumps({"status": "error", "execution_id": payload["execution_id"],
                                                   "error": {"code": "ERR_PROVIDER", "message": "quota"}}).encode())
                data = b"hello\n"
                entry = {"path": prefix + "a.txt", "size_bytes": len(data), "mime": "text/plain"}
                listed = [entry]
                if fault == "size":
                    entry["size_bytes"] = 5
                if fault == "cid":
                    entry["cid"] = "b3:" + "0" * 64
                if fault == "outside":
                    entry["path"] = "/artifacts/other/a.txt"
                if fault == "dots":
                    entry["path"] = prefix + "../a.txt"
                if fault == "escaped":
                    entry["path"] = prefix + "%2e%2e/a.txt"
                if fault == "slash":
                    entry["path"] = prefix + "a%2Fb.txt"
                if fault == "twice":
                    listed = [entry, {"path": prefix + "./a.txt".replace("./", "")}, ]
                if fault == "spelled":
                    listed = [entry, {"path": prefix + "%61.txt"}]
                if fault == "missing":
                    listed = []
                put(payload["put_urls"]["outputs/a.txt"], data)
                index = [] if fault == "index" else sorted(listed, key=lambda entry: entry["path"])
                put(payload["put_urls"]["outputs.json"], json.dumps({"outputs": index}, separators=(",", ":")).encode())
                envelope = {"status": "success", "execution_id": payload["execution_id"], "outputs": listed,
                            "index_path": prefix + "outputs.json", "meta": {}}
                if fault == "other-run":
                    envelope["execution_id"] = "another"
                if fault == "digest":
                    envelope["meta"]["image_digest"] = "sha256:" + "0" * 64
                if fault == "nan":
                    envelope["meta"]["cost"] = float("nan")
                if fault == "index-path":
                    envelope["index_path"] = "/artifacts/elsewhere/outputs.json"
                self.answer(json.dumps(envelope).encode())

            def log_message(self, *arguments):
                pass

        ThreadingHTTPServer(("", 8000), Handler).serve_forever()
        """#

    /// What each fault comes to, and words of the message.
    private static let faults: [(fault: String, code: String, words: String)] = [
        ("hang", "ERR_TIMEOUT", "did not finish within"), ("die", "ERR_NETWORK", "exited with code 7"),
        ("garbage", "ERR_BAD_RESPONSE", "JSON"), ("nan", "ERR_BAD_RESPONSE", "JSON"),
        ("huge", "ERR_BAD_RESPONSE", "larger"), ("own", "ERR_PROVIDER", "quota"),
        ("size", "ERR_OUTPUT_MISMATCH", "size"), ("cid", "ERR_OUTPUT_MISMATCH", "cid"),
        ("outside", "ERR_BAD_RESPONSE", "below the write prefix"), ("dots", "ERR_DOT_SEGMENTS", "a.txt"),
        ("escaped", "ERR_DOT_SEGMENTS", "a.txt"), ("slash", "ERR_DECODED_SLASH", "a%2Fb"),
        ("twice", "ERR_OUTPUT_DUPLICATE", "twice"), ("spelled", "ERR_OUTPUT_DUPLICATE", "twice"),
        ("missing", "ERR_OUTPUT_MISMATCH", "a.txt"), ("index", "ERR_OUTPUT_MISMATCH", "index"),
        ("other-run", "ERR_BAD_RESPONSE", "execution_id"), ("digest", "ERR_REGISTRY_MISMATCH", "sha256:000"),
        ("index-path", "ERR_BAD_RESPONSE", "index_path"),
    ]

    @Test func `what lies or fails is refused with its code and kept nowhere`() async throws {
        let folder = "registry/processors/NS_liar"
        let files = [
            "\(folder)/registry.yaml": Self.spec, "\(folder)/liar.py": Self.program,
            "\(folder)/Dockerfile":
                "ARG BASE\nFROM ${BASE}\nCOPY liar.py /liar.py\nENTRYPOINT [\"python3\", \"/liar.py\"]\n",
        ]
        let data = FileManager.default.temporaryDirectory.path + "/pinion-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: data) }
        try await Sample.with([], more: files) { sample in
            #expect(try await sample.reconcile().exitCode == 0, "without a fault it keeps its word")
            let ref = "\(sample.namespace)/liar@1"
            for (fault, code, words) in Self.faults {
                let outcome = try await Pinion.run(
                    [
                        "run", "--ref", ref, "--mode", "mock", "--json", "--timeout", "3s", "--repo", sample.path,
                        "--inputs-json", "{\"fault\":\"\(fault)\"}",
                    ], environment: ["XDG_DATA_HOME": data])
                #expect(outcome.exitCode == 1, "\(fault)")
                let error = try outcome.json()["error"]
                #expect(error?["code"]?.stringValue == code, "\(fault): \(outcome.stdout)\(outcome.stderr)")
                #expect(error?["message"]?.stringValue?.contains(words) == true, "\(fault): \(outcome.stdout)")
                let isShown = outcome.stderr.contains("asked for \(fault)")
                #expect(isShown, "\(fault): the container's last words are shown: \(outcome.stderr)")
            }
            let kept = try FileManager.default.subpathsOfDirectory(atPath: data + "/pinion/world/objects")
            #expect(kept.isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: data + "/pinion/world/stages").isEmpty)
        }
    }

    @Test func `a processor that tells a secret is not passed on`() async throws {
        let folder = "registry/processors/NS_liar"
        let files = [
            "\(folder)/registry.yaml": Self.spec, "\(folder)/liar.py": Self.program,
            "\(folder)/Dockerfile":
                "ARG BASE\nFROM ${BASE}\nCOPY liar.py /liar.py\nENTRYPOINT [\"python3\", \"/liar.py\"]\n",
        ]
        let data = FileManager.default.temporaryDirectory.path + "/pinion-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: data) }
        let canary = "canary-\(UUID().uuidString)"
        try await Sample.with([], more: files) { sample in
            #expect(try await sample.reconcile().succeeded())
            for fault in ["tell", "confess"] {
                let outcome = try await Pinion.run(
                    [
                        "run", "--ref", "\(sample.namespace)/liar@1", "--mode", "real", "--json", "--repo", sample.path,
                        "--inputs-json", "{\"fault\":\"\(fault)\"}", "--memo",
                    ], environment: ["XDG_DATA_HOME": data, "LIAR_KEY": canary])
                #expect(outcome.exitCode == 1)
                #expect(!outcome.stdout.contains(canary) && !outcome.stderr.contains(canary), "\(fault)")
                #expect(outcome.stderr.contains("the key is [LIAR_KEY]"), "\(outcome.stderr)")
            }
            let kept = try FileManager.default.subpathsOfDirectory(atPath: data + "/pinion/world/objects")
            #expect(kept.isEmpty)
        }
    }

    @Test func `a container that ends before it is healthy is told of at once, with its code and its log`() async throws
    {
        let folder = "registry/processors/NS_liar"
        let program = "import sys; print('no module named uvicorn', file=sys.stderr); sys.exit(3)\n"
        let files = [
            "\(folder)/registry.yaml": Self.spec, "\(folder)/liar.py": program,
            "\(folder)/Dockerfile":
                "ARG BASE\nFROM ${BASE}\nCOPY liar.py /liar.py\nENTRYPOINT [\"python3\", \"/liar.py\"]\n",
        ]
        try await Sample.with([], more: files) { sample in
            let reconciled = try await sample.reconcile()
            #expect(reconciled.exitCode == 1)
            #expect(reconciled.stderr.contains("error[ERR_HEALTH]"), "\(reconciled.stderr)")
            let outcome = try await Pinion.run(
                ["run", "--ref", "\(sample.namespace)/liar@1", "--mode", "mock", "--repo", sample.path])
            #expect(outcome.stderr.contains("exited with code 3"), "\(outcome.stderr)")
            #expect(outcome.stderr.contains("no module named uvicorn"))
        }
    }

    @Test func `an image that writes to its root runs, and the user is told`() async throws {
        let folder = "registry/processors/NS_liar"
        let files = [
            "\(folder)/registry.yaml": Self.spec,
            "\(folder)/liar.py": "open('/state', 'w').write('x')\n" + Self.program,
            "\(folder)/Dockerfile":
                "ARG BASE\nFROM ${BASE}\nCOPY liar.py /liar.py\nENTRYPOINT [\"python3\", \"/liar.py\"]\n",
        ]
        try await Sample.with([], more: files) { sample in
            _ = try await sample.reconcile()
            let outcome = try await Pinion.run(
                ["run", "--ref", "\(sample.namespace)/liar@1", "--mode", "mock", "--repo", sample.path])
            #expect(outcome.exitCode == 0, "\(outcome.stderr)")
            #expect(outcome.stderr.contains("warning: the processor writes to its root"), "\(outcome.stderr)")
        }
    }

    @Test func `an image that is not pinned or not there, and an engine that is not there`() async throws {
        let digest = "sha256:" + String(repeating: "0", count: 64)
        let spec = Self.spec.replacing(
            "\nbuild: {context: ., args: {BASE: \"\(Components.registry)/pinion/python:3\"}}", with: "")
        let gone = spec.replacing("sha256:pending", with: "\(Components.registry)/pinion/nowhere@\(digest)")
        let folder = "registry/processors/NS_liar"
        for (text, environment, code, exitCode) in [
            (spec, [:], "ERR_IMAGE_UNPINNED", 1), (gone, [:], "ERR_IMAGE_PULL", 1),
            (gone, ["DOCKER_HOST": "unix:///nowhere/docker.sock"], "ERR_DOCKER", 69),
        ] as [(String, [String: String?], String, Int)] {
            try await Sample.with([], more: ["\(folder)/registry.yaml": text]) { sample in
                let outcome = try await Pinion.run(
                    ["run", "--ref", "\(sample.namespace)/liar@1", "--mode", "mock", "--repo", sample.path],
                    environment: environment)
                #expect(outcome.exitCode == exitCode)
                #expect(outcome.stderr.contains("error[\(code)]"), "\(outcome.stderr)")
            }
        }
    }
}
