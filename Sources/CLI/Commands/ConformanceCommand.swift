import Adapters
import ArgumentParser
import DeploymentModel
import Docker
import JSON

struct ConformanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance", abstract: "Test whether a processor keeps the protocol's rules.",
        discussion: """
            Runs a battery against it in containers of its own, without secrets and without a network: health, \
            subprotocol, frames, envelope and bytes, unknown mode, bad inputs, determinism, a missing secret, a caller \
            that goes away, runs in a row and at once, SIGTERM. Exits with 1 when a rule is broken.

            pinion conformance text/stats@1 --build=now
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, junit }

    @Argument(help: ArgumentHelp("The processor, as ns/name@ver.", valueName: "ref"))
    var ref: ProcessorRef

    @OptionGroup var options: WorkspaceOptions

    @Option(help: "What runs it: local.")
    var adapter = AdapterKind.local

    @Option(help: ArgumentHelp("amd64 or arm64. Default: this host's.", valueName: "platform"))
    var platform: Platform?

    @Flag(help: "Test the newest local build in place of the pinned image; --build=now builds first.")
    var build = false

    @Flag(name: .customLong("build-now"), help: .hidden)
    var buildsNow = false

    @Option(help: "How the result is printed: table, json or junit.")
    var format = Format.table

    @Flag(help: "The same as --format json.")
    var json = false

    func validate() throws {
        guard adapter == .local else { throw ValidationError("--adapter: only local containers can be tested.") }
    }

    func run() async throws {
        try await interruptible { () async throws(Failure) -> ExitCode in
            let session = try await RunSession(options)
            let processor = try session.processor(ref)
            let platform = platform ?? .host
            _ = try await session.engine.removeLeftovers()
            if buildsNow { try await LocalBuild(options).build(ref, platform) }
            let build = build || buildsNow ? try await session.newestBuild(of: processor, platform) : nil
            let battery = Conformance(
                processor, by: try session.localAdapter(), registry: session.registry, platform: platform, build: build)
            let isTable = !json && format == .table
            let style = Style.standardOutput
            let report = try await battery.run { entry in
                if isTable { Output.view(ConformanceText.line(entry, style: style)) }
            }
            switch json ? .json : format {
            case .table: Output.view(ConformanceText.summary(report))
            case .json: Output.result(try JSONText(report).text)
            case .junit: Output.result(ConformanceText.junit(report))
            }
            return report.hasFailures ? .failure : .success
        }
    }
}
