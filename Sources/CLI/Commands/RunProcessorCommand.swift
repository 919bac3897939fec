import Adapters
import ArgumentParser
import DeploymentModel
import Docker
import JSON

struct RunProcessorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a processor or tool once and print its envelope.",
        discussion: """
            What runs is the pinned image of the branch's tip, in a container of its own that is removed afterwards. In \
            mode mock it has no secrets and no network. The outputs are checked against the bytes and kept in the world \
            ($XDG_DATA_HOME/pinion/world). The error envelope of a processor exits with 1.

            pinion run text/stats@1 --mode mock --inputs-json '{"schema":"v1","params":{"text":"a b"}}'
            """,
        aliases: ["run_processor"])

    @OptionGroup var options: WorkspaceOptions

    @OptionGroup var run: RunOptions

    @Option(help: "What runs it: local, modal, mock or tool.")
    var adapter = AdapterKind.local

    @Flag(help: "Run the newest local build in place of the pinned image; --build=now builds first.")
    var build = false

    @Flag(name: .customLong("build-now"), help: .hidden)
    var buildsNow = false

    @Flag(help: "Let a tool do all that this user may, where there is no sandbox.")
    var noSandbox = false

    func run() async throws {
        try await AnsweredRun(options: options, run: run, adapter: adapter).answer { call throws(Failure) in
            try await invoke(call)
        }
    }

    private func invoke(_ call: AnsweredRun.Call) async throws(Failure) -> InvocationResult {
        let session = call.session
        var choice = try run.adapterOptions()
        let ref = try? RunnableRef(run.ref)
        if build || buildsNow { try await choose(&choice, ref, session) }
        var standard: JSONValue?
        if adapter != .tool, case .processor(let ref) = ref { standard = try session.processor(ref).smokeInputs }
        let inputs = run.inputs(call.inputs, standard: standard)
        let secrets = session.secretsPresent(for: run.ref)
        func invoke(_ adapter: some Adapter, _ registry: RunnableRegistry? = nil) async -> InvocationResult {
            await adapter.invoke(
                processorRef: run.ref, inputsJSON: inputs, writePrefix: run.writePrefix, executionID: call.id,
                registrySnapshot: registry ?? session.registry, adapterOptions: choice, secretsPresent: secrets,
                report: call.output.report)
        }
        switch adapter {
        case .local:
            _ = try await session.engine.removeLeftovers()
            return await invoke(try session.localAdapter())
        case .mock: return await invoke(MockAdapter(surroundings: session.surroundings))
        case .tool: return try await runTool(ref, session) { await invoke($0, $1) }
        case .modal: return try await session.runOnModal(call, run)
        }
    }

    /// Runs a tool from the files that it has at the commit.
    private func runTool(
        _ ref: RunnableRef?, _ session: RunSession,
        _ invoke: (ToolAdapter, RunnableRegistry) async -> InvocationResult
    ) async throws(Failure) -> InvocationResult {
        var registry = session.registry
        var files: ToolFiles?
        defer { files?.folder.remove() }
        if case .tool(let id) = ref, let tool = registry.tools[id] {
            let laid = try await session.files(of: tool)
            registry = registry.replacing(laid.tool)
            files = laid
        }
        let adapter = ToolAdapter(
            files: files?.folder.path ?? "/", surroundings: session.surroundings, isSandboxed: !noSandbox,
            secrets: RunSession.secretValues)
        return await invoke(adapter, registry)
    }

    /// The newest local build, made first where that is asked for. Only the local adapter has builds.
    private func choose(
        _ choice: inout AdapterOptions, _ ref: RunnableRef?, _ session: RunSession
    ) async throws(Failure) {
        guard adapter == .local, case .processor(let ref) = ref else {
            return Output.note("note: --build is ignored: the adapter \(adapter.rawValue) runs no local builds")
        }
        let processor = try session.processor(ref)
        let platform = choice.platform ?? .host
        if buildsNow { try await LocalBuild(options).build(ref, platform) }
        choice.image = try await session.newestBuild(of: processor, platform)
    }
}

extension AdapterKind: ExpressibleByArgument {}

extension ExecutionID {
    static func random() -> ExecutionID {
        var generator = SystemRandomNumberGenerator()
        return ExecutionID(using: &generator)
    }
}
