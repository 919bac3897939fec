import ArgumentParser
import DeploymentModel
import OCI
import Reconciliation

struct ReproCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repro", abstract: "Build the same inputs again, and say what differs.",
        discussion: """
            Every step is done anew, without a cache. Where the digest moves, the layers and files that moved are named. \
            Nothing is recorded or pinned. Exits with 1 when the images are not the same.
            """)

    @Argument(help: ArgumentHelp("The processor, as ns/name@ver.", valueName: "ref"))
    var ref: ProcessorRef

    @OptionGroup var options: WorkspaceOptions

    @Option(help: ArgumentHelp("amd64 or arm64. Can be repeated.", valueName: "platform"))
    var platform: [Platform] = []

    @Option(help: ArgumentHelp("The buildx builder to use. Default: buildx's own choice.", valueName: "name"))
    var builder: String?

    @OptionGroup var output: ImageOutput

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let workspace = try await Workspace(options)
            guard let processor = workspace.desired.processors.first(where: { $0.ref == ref }) else {
                throw Failure(.spec, "there is no processor \(ref) at \(workspace.desired.commit.prefix(7))")
            }
            let session = try await Session(
                workspace, options, build: BuilderSettings(builder: builder, usesCache: false))
            let platforms = platform.isEmpty ? [.host] : platform
            let results = try await output.verbosity.display.showing { show throws(Failure) in
                try await session.images(builds: true, show: show) { operations throws(Failure) in
                    var results: [Reproduction] = []
                    for platform in platforms {
                        let pair = try await operations.rebuild(processor, for: platform)
                        results.append(
                            Reproduction(
                                ref: ref, platform: platform, first: pair.first, second: pair.second,
                                difference: pair.first == pair.second
                                    ? nil
                                    : try await session.registry.difference(between: pair.first, and: pair.second)))
                    }
                    return results
                }
            }
            if output.json {
                Output.result(try JSONText(results).text)
            } else {
                for result in results { Output.view(result.text) }
            }
            return results.allSatisfy { $0.difference == nil } ? .success : .failure
        }
    }
}

/// What came of building twice.
private struct Reproduction: Encodable, Sendable {
    let ref: ProcessorRef
    let platform: Platform
    let first: ImageReference
    let second: ImageReference
    let difference: ImageDifference?

    /// How many entries of a layer are shown.
    private static let shown = 20

    var text: String {
        guard let difference else { return "\(ref)  \(platform.oci)  the same: \(first)" }
        var lines = ["\(ref)  \(platform.oci)  not the same:", "  first   \(first)", "  second  \(second)"]
        if !difference.layerCounts.isEmpty {
            lines.append("  layers  \(difference.layerCounts.map(String.init).joined(separator: " and "))")
        }
        for layer in difference.layers {
            lines.append("  layer \(layer.number)  \(layer.instruction ?? "")")
            lines += layer.entries.prefix(Self.shown).map { "    \($0)" }
            if layer.entries.count > Self.shown { lines.append("    … and \(layer.entries.count - Self.shown) more") }
        }
        if !difference.config.isEmpty { lines.append("  config  \(difference.config.joined(separator: ", "))") }
        return lines.joined(separator: "\n")
    }
}
