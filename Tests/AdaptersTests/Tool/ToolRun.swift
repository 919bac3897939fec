import Adapters
import DeploymentModel
import FoundationEssentials
import JSON
import Synchronization
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Claims that tests of the sandbox are run: where bubblewrap is, and where `PINION_REAL=1` says that it has to be.
let hasSandbox =
    access("/usr/bin/bwrap", X_OK) == 0 || ProcessInfo.processInfo.environment["PINION_REAL"] == "1"

/// One run of a tool that a test makes up.
struct ToolRun {
    /// What the tool is: a script with its `#!` line, or Python without one.
    var script: String
    var inputs: [Tool.Parameter] = []
    var outputs: [Tool.Parameter] = []
    var given: [String: JSONValue] = [:]
    var mode = "mock"
    var isSandboxed = true
    var isExecutable = true
    var bubblewrap = "bwrap"
    var limits = ToolLimits()
    var timeout = 30
    var secrets: [String: String] = [:]
    var declaredSecrets: [String] = []
    var success: [PredicateSpec] = []
    var adapter: String?
    var entryPoint = "tools/tool"
    var prefix = "/artifacts/out/{execution_id}/"
    /// A file of this host that the inputs may name as `{"$attach": "a"}`.
    var attach: String?
    /// Gets each log line before it is noted.
    var onLog: @Sendable (String) async -> Void = { _ in }

    init(_ script: String) {
        self.script = script.hasPrefix("#!") ? script : "#!/usr/bin/python3\n" + script
    }

    struct Result {
        let result: InvocationResult
        let log: [String]
        /// The outputs by path below the write prefix.
        let files: [String: String]
        let receipt: JSONValue?
        /// What is left of stages.
        let stages: [String]
        /// All paths of the world.
        let world: [String]
        let took: Duration

        var envelope: Envelope { result.envelope }
        var code: String? { if case .error(let code, _) = envelope.outcome { code } else { nil } }
        var message: String? { if case .error(_, let message) = envelope.outcome { message } else { nil } }
    }

    static func parameter(_ name: String, _ type: String? = nil, standard: JSONValue? = nil) -> Tool.Parameter {
        Tool.Parameter(name: name, type: type, standard: standard)
    }

    func run() async throws -> Result {
        try await withTemporaryFolder { folder in
            let files = "\(folder)/files"
            try FileManager.default.createDirectory(atPath: "\(files)/tools", withIntermediateDirectories: true)
            try Data(script.utf8).write(to: URL(filePath: "\(files)/tools/tool"))
            chmod("\(files)/tools/tool", isExecutable ? 0o755 : 0o644)
            let world = try await LocalWorld(at: "\(folder)/world")
            let secrets = secrets
            let adapter = ToolAdapter(
                files: files, surroundings: RunSurroundings(world: world), isSandboxed: isSandboxed,
                bubblewrap: bubblewrap, limits: limits
            ) { names in secrets.filter { names.contains($0.key) } }
            let tool = Tool(
                id: try SpecID("test.tool@1"), specHash: String(repeating: "0", count: 64), adapter: self.adapter,
                entryPoint: entryPoint, inputs: inputs, outputs: outputs,
                secrets: SecretNames(optional: declaredSecrets), predicates: PredicatesSpec(success: success),
                timeoutSeconds: timeout)
            let registry = RunnableRegistry(snapshotID: "sha256:0", tools: [tool.id: tool])
            var options = AdapterOptions()
            options.attachments = attach.map { ["a": $0] } ?? [:]
            let log = Mutex<[String]>([])
            let (clock, onLog) = (ContinuousClock(), onLog)
            let start = clock.now
            let result = await adapter.invoke(
                processorRef: "test.tool@1", inputsJSON: .object(given.merging(["mode": .string(mode)]) { $1 }),
                writePrefix: prefix, executionID: try ExecutionID("e1"), registrySnapshot: registry,
                adapterOptions: options, secretsPresent: secrets.keys.sorted()
            ) { event in
                await onLog(event.text)
                log.withLock { $0.append(event.text) }
            }
            let took = start.duration(to: clock.now)
            return try await gather(result, log.withLock { $0 }, world, folder, took)
        }
    }

    private func gather(
        _ result: InvocationResult, _ log: [String], _ world: LocalWorld, _ folder: String, _ took: Duration
    ) async throws -> Result {
        var files: [String: String] = [:]
        for output in result.envelope.outputs {
            let stored = try await world.artifact(at: output.path)
            let bytes = try contents(of: stored?.file ?? "")
            files[String(output.path.text.dropFirst("/artifacts/out/e1/".count))] = String(
                decoding: bytes, as: UTF8.self)
        }
        // The store does not answer who was cancelled.
        let receipt =
            Task.isCancelled ? nil : try await world.artifact(at: try WorldPath("/artifacts/execution/e1/receipt.json"))
        let tree = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/world/tree")
        return Result(
            result: result, log: log, files: files,
            receipt: try receipt.map { try JSONValue(parsing: try contents(of: $0.file)) },
            stages: try names(in: "\(folder)/world/stages"),
            world: tree.filter { $0.contains("/out/") || $0.contains("/execution/") }, took: took)
    }
}

/// Writes a file for a test, and gives its path.
func write(_ text: String, to path: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
}

/// Claims that a process of this host with that id runs, or still does after a moment; one that nobody has waited for does
/// not.
func staysAlive(_ id: String) async throws -> Bool {
    let id = try #require(pid_t(id))
    for _ in 0..<25 {
        guard kill(id, 0) == 0 else { return false }
        let facts = (try? contents(of: "/proc/\(id)/stat")).map { String(decoding: $0, as: UTF8.self) }
        if let state = facts?.split(separator: ")").last?.first(where: { $0 != " " }), "ZX".contains(state) {
            return false
        }
        try await Task.sleep(for: .milliseconds(20))
    }
    return true
}
