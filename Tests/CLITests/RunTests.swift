import BLAKE3
import DeploymentModel
import FoundationEssentials
import JSON
import TestSupport
import Testing

/// One way to run something, for the suite that all of them pass.
struct RunCase: Sendable, CustomTestStringConvertible {
    let name: String
    let processor: String
    let arguments: [String]
    /// What the adapter calls itself.
    let adapter: String
    let outputs: [String]
    /// Where the processor's spec has none of its own.
    var inputs: String?

    /// A tool's id, or a processor of the sample.
    func ref(_ sample: Sample) -> String {
        processor.contains("@") ? processor : "\(sample.namespace)/\(processor)@1"
    }

    var given: [String] { inputs.map { ["--inputs-json", $0] } ?? [] }

    var testDescription: String { name }

    /// The sample processor behind it: over WebSocket, over HTTP with server-sent events, over `POST /run` alone.
    static let all: [RunCase] = [
        RunCase(
            name: "local, WebSocket", processor: "litellm", arguments: ["--adapter", "local"], adapter: "local",
            outputs: ["meta.json", "text/response.txt"]),
        RunCase(
            name: "local, WebSocket, arm64", processor: "litellm",
            arguments: ["--adapter", "local", "--platform", "arm64"], adapter: "local",
            outputs: ["meta.json", "text/response.txt"]),
        RunCase(
            name: "local, server-sent events", processor: "stats", arguments: ["--adapter", "local"], adapter: "local",
            outputs: ["stats.json"]),
        RunCase(
            name: "local, server-sent events, arm64", processor: "stats",
            arguments: ["--adapter", "local", "--platform", "linux/arm64"], adapter: "local", outputs: ["stats.json"]),
        RunCase(
            name: "local, HTTP", processor: "hash", arguments: ["--adapter", "local"], adapter: "local",
            outputs: ["hashes.json"]),
        RunCase(
            name: "mock of a WebSocket processor", processor: "litellm", arguments: ["--adapter", "mock"],
            adapter: "mock", outputs: ["meta.json", "text/response.txt"]),
        RunCase(
            name: "tool", processor: "text.count@1", arguments: ["--adapter", "tool"], adapter: "tool",
            outputs: ["counts.json", "words.txt"], inputs: #"{"text":"a b a"}"#),
        RunCase(
            name: "mock of an HTTP processor", processor: "stats", arguments: ["--adapter", "mock"], adapter: "mock",
            outputs: ["stats.json"]),
    ]
}

/// What every adapter keeps to, on the sample registry's processors in real containers.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct RunTests {
    /// The world of a test, and a folder for what is saved.
    private func withWorld(_ body: (World) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/pinion-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(World(folder: folder))
    }

    struct World {
        let folder: String
        var data: String { folder + "/data" }
        var tree: String { data + "/pinion/world/tree" }

        /// Everything that is kept below the world's two facets.
        var files: [String] {
            let paths = (try? FileManager.default.subpathsOfDirectory(atPath: tree)) ?? []
            return paths.filter { path in
                var isFolder = false
                return FileManager.default.fileExists(atPath: "\(tree)/\(path)", isDirectory: &isFolder) && !isFolder
            }.sorted()
        }

        func run(
            _ arguments: [String], _ sample: Sample, environment: [String: String?] = [:]
        ) async throws -> Pinion.Outcome {
            try await Pinion.run(
                arguments + ["--repo", sample.path],
                environment: ["XDG_DATA_HOME": data].merging(environment) { _, new in new })
        }
    }

    @Test func `all adapters answer alike`() async throws {
        try await Sample.with(["llm_litellm", "text_stats", "text_hash"], more: try Sample.tools()) { sample in
            let reconciled = try await sample.reconcile()
            #expect(reconciled.exitCode == 0, "\(reconciled.stderr)")
            for single in RunCase.all {
                try await withWorld { try await succeeds(single, sample, $0) }
            }
            // What is refused before anything starts is refused whatever would have started.
            for single in RunCase.all
            where ["litellm", "text.count@1"].contains(single.processor) && !single.arguments.contains("arm64") {
                try await withWorld { try await refuses(single, sample, $0) }
            }
        }
    }

    /// A success: the envelope, the bytes, the index, the receipt, and the same again.
    private func succeeds(_ single: RunCase, _ sample: Sample, _ world: World) async throws {
        let name: Comment = "\(single.name)"
        let ref = single.ref(sample)
        let saved = world.folder + "/saved"
        let first = try await world.run(
            ["run_processor", "--ref", ref, "--mode", "mock", "--execution-id", "E1", "--json", "--save-dir", saved]
                + single.arguments + single.given, sample)
        #expect(first.exitCode == 0, "\(single.name): \(first.stderr)")
        let envelope = try first.json()
        #expect(envelope["status"] == "success", name)
        #expect(envelope["execution_id"] == "E1", name)
        let prefix = "/artifacts/outputs/E1/"
        #expect(
            envelope["outputs"]?.arrayValue?.map { $0["path"]?.stringValue } == single.outputs.map { prefix + $0 }, name
        )
        for (output, path) in zip(envelope["outputs"]?.arrayValue ?? [], single.outputs) {
            let bytes = Array(try Data(contentsOf: URL(filePath: "\(saved)/\(path)")))
            #expect(output["cid"]?.stringValue == ContentID(of: bytes).description, name)
            #expect(output["size_bytes"]?.intValue == Int64(bytes.count), name)
        }
        let fingerprint = envelope["meta"]?["env_fingerprint"]?.stringValue ?? ""
        #expect(fingerprint.hasPrefix("adapter=\(single.adapter),env_keys_present=[],"), name)
        #expect(fingerprint.contains(",image=sha256:") || single.adapter == "tool", name)
        #expect(fingerprint.contains(",mode=mock,platform="), name)

        let index = try #require(envelope["index_path"]?.stringValue)
        let stored = try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: world.tree + index))))
        #expect(stored == .object(["outputs": envelope["outputs"] ?? .null]), name)
        let receipt = try Data(contentsOf: URL(filePath: world.tree + "/artifacts/execution/E1/receipt.json"))
        let key = try JSONValue(parsing: Array(receipt))["memo_key"]?.stringValue
        #expect(key?.hasPrefix("b3:") == true, name)

        let second = try await world.run(
            ["run", "--ref", ref, "--mode", "mock", "--stream", "--json"] + single.arguments + single.given, sample)
        let lines = try second.stdout.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        let again = try #require(lines.last)
        #expect(lines.dropLast().allSatisfy { $0["kind"] != nil && $0["content"] != nil }, name)
        #expect(
            again["outputs"]?.arrayValue?.map { $0["cid"] } == envelope["outputs"]?.arrayValue?.map { $0["cid"] },
            "\(single.name): two mock runs give equal outputs")
    }

    /// What is wrong is refused alike, before anything is started, and nothing is kept.
    private func refuses(_ single: RunCase, _ sample: Sample, _ world: World) async throws {
        let ref = single.ref(sample)
        let cases: [(arguments: [String], environment: [String: String?], code: String, words: String)] = [
            (["--ref", ref], [:], "ERR_MODE_INVALID", "no mode"),
            (["--ref", ref, "--mode", "test"], [:], "ERR_MODE_INVALID", "'test'"),
            (["--ref", ref, "--mode", "real"], ["CI": "true"], "ERR_CI_SAFETY", "CI"),
            (["--ref", "\(sample.namespace)/nobody@1", "--mode", "mock"], [:], "ERR_FUNCTION_NOT_FOUND", "nobody"),
            (["--ref", "no ref", "--mode", "mock"], [:], "ERR_INPUTS", "no ref"),
            (["--ref", ref, "--mode", "mock", "--inputs-json", "{"], [:], "ERR_INPUTS", "JSON"),
            (["--ref", ref, "--mode", "mock", "--inputs-json", "[]"], [:], "ERR_INPUTS", "array"),
            (
                ["--ref", ref, "--mode", "mock", "--inputs-json", #"{"schema":"v2","params":{"x":1}}"#], [:],
                "ERR_INPUTS", "/schema"
            ),
            (["--ref", ref, "--mode", "mock", "--write-prefix", "/artifacts/a"], [:], "ERR_PREFIX_TEMPLATE", "'/'"),
            (["--ref", ref, "--mode", "mock", "--write-prefix", "/artifacts/{x}/"], [:], "ERR_PREFIX_TEMPLATE", "{x}"),
            (["--ref", ref, "--mode", "mock", "--write-prefix", "/artifacts/../etc/"], [:], "ERR_DOT_SEGMENTS", ".."),
            (
                ["--ref", ref, "--mode", "mock", "--write-prefix", "/artifacts/%2e%2e/x/"], [:], "ERR_DOT_SEGMENTS",
                ".."
            ),
            (["--ref", ref, "--mode", "mock", "--write-prefix", "/artifacts/a%2Fb/"], [:], "ERR_DECODED_SLASH", "/"),
            (["--ref", ref, "--mode", "mock", "--write-prefix", "/etc/"], [:], "ERR_BAD_FACET", "/etc/"),
        ]
        for (arguments, environment, code, words) in cases {
            let outcome = try await world.run(
                ["run_processor", "--json"] + arguments + single.arguments, sample, environment: environment)
            let status = ["ERR_CI_SAFETY": 3, "ERR_FUNCTION_NOT_FOUND": 4][code] ?? 1
            #expect(outcome.exitCode == status, "\(single.name), \(code): \(outcome.stderr)")
            #expect(outcome.stderr.contains("error[\(code)]"), "\(single.name), \(arguments): \(outcome.stderr)")
            #expect(outcome.stderr.contains(words), "\(single.name), \(code): \(outcome.stderr)")
            if let envelope = try? outcome.json() {
                #expect(envelope["error"]?["code"]?.stringValue == code)
                #expect(envelope["meta"]?["env_fingerprint"] != nil)
            }
        }
        #expect(world.files.isEmpty, "\(single.name)")
    }

    @Test func `missing secrets are all named before anything starts, and values are nowhere`() async throws {
        try await Sample.with(["llm_litellm"]) { sample in
            #expect(try await sample.reconcile().succeeded())
            let ref = "\(sample.namespace)/litellm@1"
            try await withWorld { world in
                let refused = try await world.run(
                    ["run", "--ref", ref, "--mode", "real", "--json"], sample, environment: ["OPENAI_API_KEY": nil])
                #expect(refused.exitCode == 77)
                #expect(try refused.json()["error"]?["code"] == "ERR_MISSING_SECRET")
                #expect(refused.stderr.contains("OPENAI_API_KEY"))

                // Whatever the provider says, the value is in nothing that was written or printed.
                let canary = "sk-canary-\(UUID().uuidString)"
                let real = try await world.run(
                    ["run", "--ref", ref, "--mode", "real", "--json", "--timeout", "20s"], sample,
                    environment: ["OPENAI_API_KEY": canary, "LITELLM_API_BASE": "http://127.0.0.1:9/"])
                #expect(!real.stdout.contains(canary) && !real.stderr.contains(canary))
                let fingerprint = try real.json()["meta"]?["env_fingerprint"]?.stringValue
                #expect(fingerprint?.contains("env_keys_present=[LITELLM_API_BASE,OPENAI_API_KEY]") == true)
                for file in world.files {
                    let text = try String(contentsOfFile: "\(world.tree)/\(file)", encoding: .utf8)
                    #expect(!text.contains(canary))
                }
            }
        }
    }

    /// git itself makes no such tree; whoever lays its files out would write outside of where they belong.
    @Test func `a tree with an entry named '..' is refused`() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/pinion-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let script = """
            set -eu
            git init --quiet --bare "\(folder)"; cd "\(folder)"
            entry() { printf '%s %s\\0' "$1" "$2"; perl -e 'print pack("H*", $ARGV[0])' "$3"; }
            blob=$(echo escaped | git hash-object -w --stdin)
            inner=$(entry 100644 x "$blob" | git hash-object -t tree --literally -w --stdin)
            tree=$(entry 40000 .. "$inner" | git hash-object -t tree --literally -w --stdin)
            git update-ref refs/heads/main "$(git -c user.name=t -c user.email=t@t commit-tree -m evil "$tree")"
            git symbolic-ref HEAD refs/heads/main
            """
        let made = try await Pinion.run("/bin/bash", ["-c", script])
        try #require(made.exitCode == 0, "\(made.stderr)")
        let outcome = try await Pinion.run([
            "run", "--ref", "a@1", "--adapter", "tool", "--mode", "mock", "--repo", folder,
        ])
        #expect(outcome.exitCode == 1)
        #expect(outcome.stderr.contains("error[ERR_GIT]") && outcome.stderr.contains("'..'"), "\(outcome.stderr)")
    }

    @Test func `an attached file is read from the world, and an equal run comes from the memo`() async throws {
        try await Sample.with(["media_metadata"]) { sample in
            #expect(try await sample.reconcile().succeeded())
            let ref = "\(sample.namespace)/metadata@1"
            try await withWorld { world in
                let file = world.folder + "/dot picture.png"
                let png =
                    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
                try #require(Data(base64Encoded: png)).write(to: URL(filePath: file))
                let inputs = #"{"schema":"v1","params":{"path":{"$attach":"picture"}}}"#
                let arguments = [
                    "run", "--ref", ref, "--mode", "real", "--inputs-json", inputs, "--attach", "picture=\(file)",
                    "--memo", "--json",
                ]
                let first = try await world.run(arguments, sample)
                #expect(first.exitCode == 0, "\(first.stderr)")
                #expect(try first.json()["meta"]?["memo"] == nil)
                let second = try await world.run(arguments, sample)
                #expect(try second.json()["meta"]?["memo"] == "hit")
                #expect(try second.json()["outputs"] == first.json()["outputs"])

                // Another file under the same name is another run.
                try Data("no picture".utf8).write(to: URL(filePath: file))
                let other = try await world.run(arguments, sample)
                #expect(try other.json()["meta"]?["memo"] == nil)

                let missing = try await world.run(
                    ["run", "--ref", ref, "--mode", "mock", "--inputs-json", inputs], sample)
                #expect(missing.stderr.contains("nothing is attached as picture"))
            }
        }
    }
}
