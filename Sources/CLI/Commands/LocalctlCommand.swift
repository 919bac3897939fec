import Adapters
import ArgumentParser
import DeploymentModel
import Docker
import JSON

struct LocalctlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "localctl", abstract: "Start, run and stop single processors in Docker.",
        discussion: """
            A container that was started stays, and is used again, until it is stopped. It has the secrets that this \
            process's environment has values of. Each command does exactly one thing: none builds, pins or records.

            OPENAI_API_KEY=… pinion localctl start --ref llm/litellm@1
            pinion localctl run --ref llm/litellm@1 --mode mock
            pinion localctl stop --ref llm/litellm@1
            """,
        subcommands: [
            StartCommand.self, RunCommand.self, StopCommand.self, StatusCommand.self, LogsCommand.self,
            URLCommand.self,
        ])

    /// The one processor that a command is about.
    struct Target: ParsableArguments {
        @Option(help: ArgumentHelp("The processor, as ns/name@ver.", valueName: "ref"))
        var ref: ProcessorRef

    }

    /// The container of a processor that is meant where nothing but the processor is named: of those that run before those
    /// that don't, of those of an environment `local` before others, the first by name. It is told which one that is where
    /// there are more.
    ///
    /// - Throws: `Failure` with `ERR_HEALTH` when there is none.
    static func container(of ref: ProcessorRef) async throws(Failure) -> (
        container: ObservedContainer, engine: DockerEngine
    ) {
        let engine = try DockerEngine.ofUser()
        func rank(_ container: ObservedContainer) -> (Int, Int, String) {
            (container.isRunning ? 0 : 1, container.owner?.environment == "local" ? 0 : 1, container.name)
        }
        let all = try await engine.containers().filter { $0.ref == ref }
        guard let container = all.min(by: { rank($0) < rank($1) }) else {
            throw Failure(
                .health, "\(ref) has no container", remedy: "Start it: pinion localctl start --ref \(ref)")
        }
        if all.count > 1 {
            Output.note(
                "note: this is \(container.name) of \(Self.owner(of: container)), one of \(all.count): "
                    + "pinion localctl status --ref \(ref)")
        }
        return (container, engine)
    }

    private static func owner(of container: ObservedContainer) -> String {
        container.owner.map { "\($0.environment) of \($0.repository)" } ?? "nobody"
    }

    private static func isDown(_ ref: ProcessorRef) -> Failure {
        Failure(.health, "\(ref) does not run", remedy: "Start it: pinion localctl start --ref \(ref)")
    }

    struct StartCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "start", abstract: "Start a processor's container, or tell of the one that runs.")

        @OptionGroup var options: WorkspaceOptions
        @OptionGroup var target: Target

        @Option(help: ArgumentHelp("amd64 or arm64. Default: this host's.", valueName: "platform"))
        var platform: Platform?

        @Flag(help: "Start the newest local build in place of the pinned image; --build=now builds first.")
        var build = false

        @Flag(name: .customLong("build-now"), help: .hidden)
        var buildsNow = false

        @Flag(help: "Print it as JSON.")
        var json = false

        func run() async throws {
            try await interruptible { () async throws(Failure) -> ExitCode in
                let session = try await RunSession(options)
                let processor = try session.processor(target.ref)
                let platform = platform ?? .host
                if buildsNow { try await LocalBuild(options).build(target.ref, platform) }
                let build = build || buildsNow ? try await session.newestBuild(of: processor, platform) : nil
                let started = try await (try session.localAdapter()).startToStay(
                    processor, platform, build: build, owner: session.owner)
                for name in started.missingSecrets {
                    Output.note("note: \(name) is not set: real runs will be refused")
                }
                let url = "http://127.0.0.1:\(started.container.hostPort ?? 0)"
                if json {
                    Output.result(
                        JSONText([
                            "ref": .string(target.ref.description), "container": .string(started.container.name),
                            "id": .string(started.container.id), "url": .string(url), "image": .string(started.image),
                            "reused": .bool(started.isReused),
                        ]).text)
                } else {
                    let verb =
                        started.isReused
                        ? "runs already" : started.hasReplaced ? "started in place of another" : "started"
                    Output.result("\(target.ref)  \(verb) as \(started.container.name)  \(url)")
                }
                return .success
            }
        }
    }

    struct RunCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Run a processor once in its container that was started.",
            discussion: """
                The container has the network and the secrets that it was started with, in mode mock too; \
                'pinion run' gives a mock run a container without either.
                """)

        @OptionGroup var options: WorkspaceOptions
        @OptionGroup var run: RunOptions

        func run() async throws {
            try await AnsweredRun(options: options, run: run, adapter: .local).answer { call throws(Failure) in
                try await invoke(call)
            }
        }

        private func invoke(_ call: AnsweredRun.Call) async throws(Failure) -> InvocationResult {
            let session = call.session
            let ref: ProcessorRef
            do throws(GrammarError) {
                ref = try ProcessorRef(run.ref)
            } catch { throw Failure(.inputs, error.description) }
            let processor = try session.processor(ref)
            let own = try await session.engine.containers().first {
                $0.ref == ref && $0.owner == session.owner && $0.isRunning && $0.hostPort != nil
            }
            guard let container = own else { throw LocalctlCommand.isDown(ref) }
            var choice = try run.adapterOptions()
            choice.image = session.localBuild(of: container)
            return await (try session.localAdapter(.running(container))).invoke(
                processorRef: run.ref, inputsJSON: run.inputs(call.inputs, standard: processor.smokeInputs),
                writePrefix: run.writePrefix, executionID: call.id, registrySnapshot: session.registry,
                adapterOptions: choice, secretsPresent: container.secretNames, report: call.output.report)
        }
    }

    struct StopCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stop", abstract: "Stop and remove a processor's containers.")

        @OptionGroup var target: Target

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let engine = try DockerEngine.ofUser()
                let own = try await engine.containers().filter { $0.ref == target.ref }
                for container in own {
                    try await engine.remove(container.id, graceSeconds: 10)
                    Output.result("\(target.ref)  stopped \(container.name)")
                }
                if own.isEmpty { Output.note("\(target.ref) does not run.") }
                return .success
            }
        }
    }

    struct StatusCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show the processors' containers on this host.")

        @Option(help: ArgumentHelp("One processor only.", valueName: "ref"))
        var ref: ProcessorRef?

        @Flag(help: "Print it as JSON.")
        var json = false

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let all = try await DockerEngine.ofUser().containers().sorted { ($0.ref, $0.name) < ($1.ref, $1.name) }
                let rows = all.filter { ref == nil || $0.ref == ref }
                if json {
                    Output.result(try JSONText(rows).text)
                } else if rows.isEmpty {
                    Output.note("No processor runs.")
                } else {
                    let cells = rows.map { row in
                        [
                            row.ref.description, row.isRunning ? "running" : "stopped", row.name,
                            row.hostPort.map { "http://127.0.0.1:\($0)" } ?? "-",
                            LocalctlCommand.owner(of: row),
                        ]
                    }
                    Output.view(
                        TableText(["PROCESSOR", "STATE", "CONTAINER", "ADDRESS", "OF"], cells, style: .standardOutput)
                            .text)
                }
                return .success
            }
        }
    }

    struct LogsCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "logs", abstract: "Print what a processor's container wrote.")

        @OptionGroup var target: Target

        @Option(help: ArgumentHelp("How many of the last lines.", valueName: "n"))
        var tail = 100

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let (container, engine) = try await LocalctlCommand.container(of: target.ref)
                Output.piece(try await engine.logTail(of: container.id, lines: tail))
                return .success
            }
        }
    }

    struct URLCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "url", abstract: "Print where a processor's server is reached.")

        @OptionGroup var target: Target

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let (container, _) = try await LocalctlCommand.container(of: target.ref)
                guard let port = container.hostPort else { throw LocalctlCommand.isDown(target.ref) }
                Output.result("http://127.0.0.1:\(port)")
                return .success
            }
        }
    }
}
