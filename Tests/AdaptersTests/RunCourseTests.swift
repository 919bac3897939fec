import BLAKE3
import DeploymentModel
import FoundationEssentials
import JSON
import Synchronization
import Testing

@testable import Adapters

/// The course that every run takes, with an adapter that needs nothing outside.
@Suite(.tags(.medium)) struct RunCourseTests {
    private static let ref = "text/echo@1"

    private static func registry(
        _ predicates: PredicatesSpec = PredicatesSpec(), policy: Policy = .none, secrets: SecretNames = SecretNames(),
        pinned: Bool = true,
        outputs: OutputsSpec = .files([DeclaredOutput(path: "out/a.json", mime: "application/json")])
    ) throws -> RunnableRegistry {
        let image = try ImageReference("127.0.0.1:1/a@sha256:" + String(repeating: "a", count: 64))
        let processor = Processor(
            ref: try ProcessorRef(ref), specHash: "spec", pins: pinned ? [.amd64: image, .arm64: image] : [:],
            secrets: secrets,
            inputs: [
                "type": "object", "required": ["text"], "additionalProperties": false,
                "properties": ["text": ["type": "string"], "more": ["type": "integer"]],
            ],
            outputs: outputs, predicates: predicates)
        return RunnableRegistry(
            snapshotID: "sha256:0", processors: [processor.ref: processor],
            schemas: [
                try SpecID("out@1"): [
                    "type": "object", "required": ["title"], "properties": ["title": ["type": "string"]],
                ]
            ], policy: policy)
    }

    private static func predicate(_ id: String, _ arguments: [String: JSONValue] = [:]) throws -> PredicateSpec {
        PredicateSpec(id: try SpecID(id), arguments: arguments)
    }

    /// Runs the mock adapter in a world of its own, or in the one that is given.
    private func run(
        _ registry: RunnableRegistry, inputs: JSONValue = ["mode": "mock", "text": "hello"],
        prefix: String = "/artifacts/outputs/{execution_id}/", id: String = "E1",
        options: AdapterOptions = AdapterOptions(), secrets: [String] = [], in world: LocalWorld
    ) async throws -> InvocationResult {
        await MockAdapter(surroundings: RunSurroundings(world: world)).invoke(
            processorRef: Self.ref, inputsJSON: inputs, writePrefix: prefix, executionID: try ExecutionID(id),
            registrySnapshot: registry, adapterOptions: options, secretsPresent: secrets)
    }

    /// The code of a run; `nil` when it succeeded.
    private func codeOf(
        _ registry: RunnableRegistry, inputs: JSONValue = ["mode": "mock", "text": "hello"], id: String = "E1",
        options: AdapterOptions = AdapterOptions(), secrets: [String] = [], in world: LocalWorld
    ) async throws -> String? {
        let result = try await run(
            registry, inputs: inputs, id: id, options: options, secrets: secrets, in: world)
        return code(result)
    }

    private func code(_ result: InvocationResult) -> String? {
        if case .error(let code, _) = result.envelope.outcome { code } else { nil }
    }

    @Test func everyFailureIsAnEnvelopeWithAFingerprint() async throws {
        try await withWorld { world in
            let result = try await run(try Self.registry(), inputs: ["mode": "mock", "text": 1, "other": 2], in: world)
            #expect(code(result) == "ERR_INPUTS")
            #expect(result.envelope.executionID.description == "E1")
            #expect(result.envelope.meta["env_fingerprint"]?.stringValue?.hasPrefix("adapter=mock,") == true)
            #expect(result.failure?.message.contains("/other") == true)
            #expect(result.failure?.detail?.contains("/text") == true, "all violations are named")
            #expect(try keptFiles(world).isEmpty)
        }
    }

    @Test(
        arguments: [
            (["text": "a"], "ERR_MODE_INVALID"), (["mode": 1, "text": "a"], "ERR_MODE_INVALID"),
            (["mode": "Mock", "text": "a"], "ERR_MODE_INVALID"), ("text", "ERR_INPUTS"),
        ] as [(JSONValue, String)])
    func theModeIsNamedAndNeverGuessed(inputs: JSONValue, expected: String) async throws {
        try await withWorld { world in
            let found = try await codeOf(try Self.registry(), inputs: inputs, in: world)
            #expect(found == expected)
        }
    }

    @Test func admissionPredicatesAreEvaluatedBeforeAnythingRuns() async throws {
        let budget = try Self.predicate("budget.available@1", ["required_usd_micro": 1000])
        let real: JSONValue = ["mode": "real", "text": "a"]
        try await withWorld { world in
            func admit(
                _ predicates: [PredicateSpec], policy: Policy = .none, pinned: Bool = true,
                inputs: JSONValue = ["mode": "mock", "text": "a"], secrets: [String] = []
            ) async throws -> String? {
                let registry = try Self.registry(
                    PredicatesSpec(admission: predicates), policy: policy,
                    secrets: SecretNames(optional: ["KEY"]), pinned: pinned)
                return try await codeOf(registry, inputs: inputs, secrets: secrets, in: world)
            }
            #expect(try await admit([budget], policy: Policy(maxUSDMicro: 1000)) == nil)
            #expect(try await admit([budget, budget], policy: Policy(maxUSDMicro: 1999)) == "ERR_BUDGET")
            #expect(
                try await admit([Self.predicate("budget.available@1")]) == "ERR_PREDICATE", "an error is never false")
            let secret = try Self.predicate("secret.present@1", ["name": "KEY"])
            #expect(try await admit([secret], inputs: real) == "ERR_MISSING_SECRET")
            #expect(try await admit([secret], inputs: real, secrets: ["KEY"]) == nil)
            #expect(try await admit([secret]) == nil, "a mock run gets no secret and needs none")
            let pinned = try Self.predicate("image.pinned@1")
            #expect(try await admit([pinned]) == nil)
            #expect(try await admit([pinned], pinned: false) == "ERR_IMAGE_UNPINNED")
            #expect(try await admit([try Self.predicate("artifact.exists@1", ["path": "x"])]) == "ERR_PREDICATE")

            let lease = try Self.predicate("lease.acquirable@1", ["path": "/artifacts/outputs/{execution_id}/"])
            #expect(try await admit([lease]) == nil)
            let lock = try await world.lock("/artifacts/outputs/", for: "another", seconds: 60)
            #expect(try await admit([lease]) == "ERR_LEASE")
            await world.unlock(lock)
            #expect(try await admit([lease]) == nil)
        }
    }

    @Test func successPredicatesDecideWhetherAnythingIsKept() async throws {
        try await withWorld { world in
            func judge(_ predicate: PredicateSpec, content: String = #"{"title":"x"}"#) async throws -> String? {
                var options = AdapterOptions()
                options.outputs = [
                    AdapterOptions.MockOutput(path: "out/a.json", content: content),
                    AdapterOptions.MockOutput(path: "out/b.txt", content: "b"),
                ]
                let registry = try Self.registry(PredicatesSpec(success: [predicate]))
                return try await codeOf(registry, options: options, in: world)
            }
            let schema = try Self.predicate("json.schema_ok@1", ["path": "${outputs.a_path}", "schema_ref": "out@1"])
            #expect(try await judge(schema, content: #"{"title":1}"#) == "ERR_PREDICATE")
            #expect(try await judge(schema, content: "no JSON") == "ERR_PREDICATE")
            #expect(try keptFiles(world).isEmpty, "what is not believed is not kept")
            #expect(try await judge(schema) == nil)
            for path in ["${outputs.out_a_path}", "${outputs.out_a}", "out/a.json", "/artifacts/outputs/E1/out/a.json"]
            {
                #expect(try await judge(try Self.predicate("artifact.exists@1", ["path": .string(path)])) == nil)
            }
            for path in ["${outputs.c_path}", "${outputs.out_path}", "${inputs.text}", "out/c.json", "../x"] {
                #expect(
                    try await judge(try Self.predicate("artifact.exists@1", ["path": .string(path)])) != nil, "\(path)")
            }
            let size = try Self.predicate("file.size_gt@1", ["path": "out/b.txt", "min_bytes": 0])
            #expect(try await judge(size) == nil)
            let more = try Self.predicate("file.size_gt@1", ["path": "out/b.txt", "min_bytes": 1])
            #expect(try await judge(more) == "ERR_PREDICATE")
            let unknown = try Self.predicate("json.schema_ok@1", ["path": "out/a.json", "schema_ref": "none@1"])
            #expect(try await judge(unknown) == "ERR_PREDICATE")
        }
    }

    @Test func whatEndsARunIsItsOwnOnceItIsAdmitted() async throws {
        try await withWorld { world in
            let wrong = try Self.predicate("budget.available@1")
            let refused = try await run(try Self.registry(PredicatesSpec(admission: [wrong])), in: world)
            #expect(code(refused) == "ERR_PREDICATE" && !refused.wasAdmitted)
            let missing = try Self.predicate("artifact.exists@1", ["path": "out/none"])
            let judged = try await run(try Self.registry(PredicatesSpec(success: [missing])), in: world)
            #expect(code(judged) == "ERR_PREDICATE" && judged.wasAdmitted)
        }
    }

    @Test func aPolicyLocksWhatARunWrites() async throws {
        try await withWorld { world in
            let registry = try Self.registry(policy: Policy(leaseSeconds: 60, locksPaths: true))
            let lock = try await world.lock("/artifacts/outputs/E1/", for: "run 7", seconds: 60)
            let refused = try await run(registry, in: world)
            #expect(code(refused) == "ERR_LEASE")
            #expect(refused.failure?.message.contains("run 7") == true)
            #expect(try await codeOf(registry, id: "E2", in: world) == nil, "beside it is free")
            await world.unlock(lock)
            #expect(try await codeOf(registry, in: world) == nil)
            #expect(try await codeOf(registry, in: world) == nil, "a run gives its lock back")
        }
    }

    @Test func mockOutputsAreWhatTheCallerSaysAndLieBelowThePrefix() async throws {
        try await withWorld { world in
            var options = try AdapterOptions(reading: [
                "outputs": [["path": "response.txt", "content": "Mock response"]]
            ])
            let result = try await run(try Self.registry(), options: options, in: world)
            let output = try #require(result.envelope.outputs.first)
            #expect(output.path.text == "/artifacts/outputs/E1/response.txt")
            #expect(output.contentID == ContentID(of: Array("Mock response".utf8)))
            #expect(output.sizeBytes == 13)
            let stored = try #require(try await world.artifact(at: output.path))
            #expect(stored.contentID == output.contentID)

            let escapes = [
                ("../x", "ERR_DOT_SEGMENTS"), ("a/%2e%2e/b", "ERR_DOT_SEGMENTS"), ("a%2Fb", "ERR_DECODED_SLASH"),
                ("a\0b", "ERR_FORBIDDEN_SEGMENT"), ("a\\b", "ERR_FORBIDDEN_SEGMENT"),
                (".git/x", "ERR_FORBIDDEN_SEGMENT"),
                ("%zz", "ERR_PERCENT_DECODE"), (String(repeating: "a", count: 256), "ERR_SEGMENT_TOO_LONG"),
                (String(repeating: "abc/", count: 300), "ERR_PATH_TOO_LONG"),
            ]
            for (path, expected) in escapes {
                options.outputs = [AdapterOptions.MockOutput(path: path, content: "x")]
                let found = try await codeOf(try Self.registry(), id: "E2", options: options, in: world)
                #expect(found == expected)
            }
            options.outputs = [
                AdapterOptions.MockOutput(path: "é", content: "x"),
                AdapterOptions.MockOutput(path: "e\u{301}", content: "y"),
            ]
            #expect(
                try await codeOf(try Self.registry(), id: "E2", options: options, in: world)
                    == "ERR_OUTPUT_DUPLICATE")
            #expect(try keptFiles(world).allSatisfy { !$0.contains("E2") })
        }
    }

    @Test func mockOutputsAreMadeFromSpecAndSchemas() async throws {
        let fits = PredicatesSpec(success: [
            try Self.predicate("json.schema_ok@1", ["path": "${outputs.a_path}", "schema_ref": "out@1"])
        ])
        try await withWorld { world in
            let first = try await run(try Self.registry(fits), in: world)
            #expect(code(first) == nil, "it fits the schema that the predicate names")
            let again = try await run(try Self.registry(fits), id: "E2", in: world)
            #expect(first.envelope.outputs.map(\.contentID) == again.envelope.outputs.map(\.contentID))
            for outputs in [
                OutputsSpec.prefixes(["/artifacts/outputs/text/"]),
                .schema(["properties": ["text": ["type": "string"]]]),
                .files([DeclaredOutput(path: "frames/")]), .files([]),
            ] {
                let result = try await run(try Self.registry(outputs: outputs), id: "E3", in: world)
                #expect(code(result) == nil)
                #expect(result.envelope.outputs.allSatisfy { $0.path.text.hasPrefix("/artifacts/outputs/E3/") })
            }
        }
    }

    @Test func anEqualRunComesFromTheMemoWhileItsArtifactsAreThere() async throws {
        try await withWorld { world in
            var options = AdapterOptions()
            options.usesMemo = true
            let first = try await run(try Self.registry(), options: options, in: world)
            let second = try await run(try Self.registry(), id: "E2", options: options, in: world)
            #expect(second.envelope.meta["memo"] == "hit")
            #expect(second.envelope.executionID == first.envelope.executionID)
            let other = try await run(
                try Self.registry(), inputs: ["mode": "mock", "text": "other"], id: "E3", options: options, in: world)
            #expect(other.envelope.meta["memo"] == nil)

            let id = try #require(first.envelope.outputs.first?.contentID)
            let artifact = try #require(try await world.artifact(id))
            try FileManager.default.removeItem(atPath: artifact.file)
            let fourth = try await run(try Self.registry(), id: "E4", options: options, in: world)
            #expect(fourth.envelope.meta["memo"] == nil)
        }
    }

    @Test func whatTheMockAdapterMakesUpIsNoOthersResult() async throws {
        try await withWorld { world in
            var options = AdapterOptions()
            options.usesMemo = true
            _ = try await run(try Self.registry(), options: options, in: world)
            let names = try FileManager.default.contentsOfDirectory(atPath: world.root + "/memo")
            let recorded = try #require(names.first)
            #expect(names.count == 1 && recorded.hasPrefix("mock-"))
            let memoKey = "b3:" + recorded.dropFirst("mock-".count).dropLast(".json".count)
            #expect(try await world.recorded(memoKey, by: .mock) != nil)
            #expect(try await world.recorded(memoKey, by: .local) == nil)
            options.outputs = [AdapterOptions.MockOutput(path: "out/a.json", content: "{}")]
            let dictated = try await run(try Self.registry(), id: "E2", options: options, in: world)
            #expect(dictated.envelope.meta["memo"] == nil)
        }
    }

    @Test(arguments: ["/artifacts/execution/E1/", "/artifacts/inputs/x/"])
    func noRunWritesWhereReceiptsAndAttachmentsAre(prefix: String) async throws {
        try await withWorld { world in
            let result = try await run(try Self.registry(), prefix: prefix, in: world)
            #expect(code(result) == "ERR_PREFIX_TEMPLATE")
        }
    }

    @Test(
        arguments: [
            ([], "array"), (["timeout_s": 0], "timeout_s"), (["timeout_s": "5"], "timeout_s"),
            (["outputs": [["path": "a"]]], "outputs"), (["memo": 1], "memo"), (["platform": "sparc"], "platform"),
            (["timeouts": 5], "'timeouts' is not known"),
        ] as [(JSONValue, String)])
    func optionsThatAreWrongAreNamed(json: JSONValue, words: String) {
        let failure = #expect(throws: Failure.self) { try AdapterOptions(reading: json) }
        #expect(failure?.code == .inputs)
        #expect(failure?.message.contains(words) == true)
    }
}

/// A world of its own, gone afterwards.
func withWorld(_ body: (LocalWorld) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in try await body(try await LocalWorld(at: folder + "/world")) }
}

/// Every file that the world shows.
func keptFiles(_ world: LocalWorld) throws -> [String] {
    let tree = try #require(world.mount)
    return try FileManager.default.subpathsOfDirectory(atPath: tree).filter { path in
        var isFolder = false
        return FileManager.default.fileExists(atPath: "\(tree)/\(path)", isDirectory: &isFolder) && !isFolder
    }
}
