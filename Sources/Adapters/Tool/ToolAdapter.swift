package import DeploymentModel
import JSON
import SystemPackage

/// Runs tools of the registry: programs of the repository, each run as a child process in a sandbox without a network.
///
/// What a tool is told and what it may answer is on the page <doc:Tools>.
package struct ToolAdapter: Adapter {
    package let kind = AdapterKind.tool
    package let surroundings: RunSurroundings
    private let files: String
    private let isSandboxed: Bool
    private let bubblewrap: String
    private let limits: ToolLimits
    /// The values of secrets by name; they go to the tool's environment and nowhere else.
    private let secrets: @Sendable ([String]) -> [String: String]

    /// - Parameters:
    ///   - files: a folder of this host that holds the repository's files at the commit of the registry, at least those of
    ///     the entry point's folder (`EntryPoint.folder`), readable for everybody. It is shown to tools for reading.
    ///   - isSandboxed: `false` lets tools do all that this user may; the envelope says so.
    ///   - bubblewrap: path or name of the program.
    ///   - secrets: reads the values of secrets by name, when a tool is started and never before.
    package init(
        files: String, surroundings: RunSurroundings, isSandboxed: Bool = true, bubblewrap: String = "bwrap",
        limits: ToolLimits = ToolLimits(), secrets: @escaping @Sendable ([String]) -> [String: String] = { _ in [:] }
    ) {
        self.files = files
        self.surroundings = surroundings
        self.isSandboxed = isSandboxed
        self.bubblewrap = bubblewrap
        self.limits = limits
        self.secrets = secrets
    }

    package func defaultPlatform(of processor: Processor) -> Platform { .host }

    package func carryOut(
        _ run: AdmittedRun, report: @escaping @Sendable (ProcessorEvent) async -> Void
    ) async throws(Failure) -> RunAnswer {
        guard case .tool(let tool) = run.target else {
            throw Failure(.functionNotFound, "\(run.invocation.ref) is no tool")
        }
        let program = try ToolProgram(of: tool, in: files)
        let call = try ToolCall(run, tool)
        let sandbox = try sandbox(for: run)
        let folders = try await ToolFolders(
            in: run.stage, owner: sandbox?.isRoot == true ? ToolSandbox.nobody : nil)
        let place = place(run, folders, sandbox)
        try await sandbox?.check(place)
        let values = run.secrets.isEmpty ? [:] : secrets(run.secrets)
        let filter = SecretFilter(values)
        let process = ToolProcess(
            commandLine: place.commandLine(program, call.flags), environment: place.environment(secrets: values),
            place: place, limits: limits)
        let input = FileDescriptor(
            rawValue: try await folders.write(context: Array(call.context(place).compact.utf8)))
        defer { try? input.close() }
        let timeout = Failure(.timeout, "\(tool.id) did not finish within \(run.invocation.timeout)")
        let (ended, took) = try await ProcessorInvoker.measuring(surroundings.clock) { () async throws(Failure) in
            try await withDeadline(
                run.invocation.timeout, clock: surroundings.clock, failing: timeout
            ) { () async throws(Failure) in
                try await process.run(input: input) { line in await report(.log(filter(line))) }
            }
        }
        let meta: [String: JSONValue] = [
            "duration_ms": .integer(Int64((took / .milliseconds(1)).rounded())),
            "sandbox": sandbox == nil ? "none" : "bubblewrap",
        ]
        return try await judge(ended, run, tool, folders, filter, meta)
    }

    /// - Throws: `Failure` with `ERR_SANDBOX` where the sandbox would hide the files from the tool, too.
    private func sandbox(for run: AdmittedRun) throws(Failure) -> ToolSandbox? {
        guard isSandboxed else { return nil }
        let sandbox = ToolSandbox(
            bubblewrap: bubblewrap, limits: limits, seconds: Int(run.invocation.timeout.components.seconds))
        for folder in [files, surroundings.world.mount].compactMap(\.self) where sandbox.isRoot {
            guard ToolFolders.isReadableForAll(folder) else {
                throw Failure(
                    .sandbox, "root's tools run as nobody, who can't read \(folder)",
                    remedy: "Let everybody read it: chmod a+rx \(folder)")
            }
        }
        return sandbox
    }

    private func place(_ run: AdmittedRun, _ folders: ToolFolders, _ sandbox: ToolSandbox?) -> ToolPlace {
        let world = run.context.worldMount
        if let sandbox { return .sandbox(sandbox, folders, world: world, files: files) }
        return .host(
            folders, world: world, files: files, limits: limits,
            seconds: Int(run.invocation.timeout.components.seconds), prlimit: ToolFolders.prlimit)
    }

    private func judge(
        _ ended: ToolProcess.Ended, _ run: AdmittedRun, _ tool: Tool, _ folders: ToolFolders, _ filter: SecretFilter,
        _ meta: [String: JSONValue]
    ) async throws(Failure) -> RunAnswer {
        var warnings = isSandboxed ? [] : ["the tool ran without a sandbox: it could do all that this user may"]
        var answer = ToolAnswer()
        do throws(Failure) {
            answer = try ToolAnswer(ended.answer)
        } catch {
            // One that failed has something better to say.
            guard ended.code != 0 else { throw error }
            warnings.append(error.message)
        }
        warnings += answer.warnings.map { filter($0) }
        let usage = answer.usage.map { filter($0) }
        if ended.code == 0, answer.error == nil {
            let files = try await ToolOutputs(run, tool, answer).files(folders, limits)
            return try await OwnOutputs(run, kind).answer(files, meta: meta, usage: usage, warnings: warnings)
        }
        var meta = meta
        meta["env_fingerprint"] = .string(run.context.fingerprint)
        meta["exit_code"] = .integer(Int64(ended.code))
        meta["usage"] = usage
        let own = answer.error ?? ("ERR_RUNTIME", Self.reason(ended, tool))
        let envelope = Envelope(
            executionID: run.invocation.executionID, outcome: .error(code: own.code, message: filter(own.message)),
            meta: meta)
        let log = ended.log.isEmpty ? nil : filter(ended.log.joined(separator: "\n"))
        return RunAnswer(CheckedEnvelope(envelope: envelope, warnings: warnings), usage: usage, log: log)
    }

    /// The last line of a log is where interpreters say what went wrong.
    private static func reason(_ ended: ToolProcess.Ended, _ tool: Tool) -> String {
        let end = ended.code > 128 ? "was ended by signal \(ended.code - 128)" : "exited with code \(ended.code)"
        return "\(tool.id) \(end)" + (ended.log.last.map { ": \($0)" } ?? "")
    }
}
