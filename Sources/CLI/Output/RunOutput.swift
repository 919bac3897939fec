import Adapters
import BLAKE3
import DeploymentModel
import FoundationEssentials
import JSON

/// Shows what a run tells, and what came of it.
struct RunOutput {
    private let options: RunOptions
    private let style: Style
    private let live: LiveText

    init(_ options: RunOptions) {
        self.options = options
        style = .standardError
        live = LiveText(style: style)
    }

    /// Shows one event, if events are wanted.
    var report: @Sendable (ProcessorEvent) async -> Void {
        guard options.stream else { return { _ in } }
        guard options.json else { return { [live] in live.show($0) } }
        return { Output.result(JSONText($0.json, isPretty: false).text) }
    }

    /// Prints the envelope; what is odd or failed goes to stderr.
    ///
    /// - Parameter world: the folder that has the outputs by their paths; `nil` where there is none.
    func print(_ result: InvocationResult, world: String?) {
        live.endLine()
        for warning in result.warnings { Output.note("\(style.yellow("warning:")) \(warning.printable)") }
        if let failure = result.failure { Output.tell(failure) }
        if case .error(let code, let message) = result.envelope.outcome, result.failure == nil {
            let failure = "\(style.bold(style.red("error[\(code)]:"))) \(message.printable)"
            let log = (result.log ?? "").split(whereSeparator: \.isNewline).map {
                "    " + style.dim(String($0).printable)
            }
            Output.note(([failure] + log).joined(separator: "\n"))
            CIPublication.annotate(code, message)
        }
        guard options.json else {
            return Output.view(EnvelopeText(result.envelope, world: world, style: .standardOutput).text)
        }
        Output.result(JSONText(result.envelope.json, isPretty: !options.stream).text)
    }

    /// Copies the outputs to where the user wants them, by their paths below the write prefix.
    ///
    /// - Throws: `Failure` with `ERR_SANDBOX` when a file can't be written.
    func save(_ envelope: Envelope, from world: some ArtifactStore) async throws(Failure) {
        guard let folder = options.saveDir, envelope.isSuccess else { return }
        let prefix = try WritePrefix(options.writePrefix, for: envelope.executionID)
        for output in envelope.outputs {
            guard let id = output.contentID, let artifact = try await world.artifact(id) else {
                Output.note("\(style.yellow("warning:")) \(output.path) is not saved: its bytes are not in the world")
                continue
            }
            let name =
                prefix.contains(output.path) ? output.path.text.dropFirst(prefix.text.count) : output.path.text[...]
            let target = "\(folder)/\(name)"
            do {
                let parent = target.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
                    separator: "/")
                try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
                try Data(contentsOf: URL(filePath: artifact.file)).write(to: URL(filePath: target), options: .atomic)
            } catch {
                throw Failure(
                    .sandbox, "\(target) can't be written", remedy: "Name a folder that you may write to: --save-dir.")
            }
        }
    }
}

/// An envelope for people.
struct EnvelopeText {
    let text: String

    /// - Parameter world: the folder that has the outputs by their paths; `nil` where there is none.
    init(_ envelope: Envelope, world: String? = nil, style: Style) {
        let took = envelope.meta["duration_ms"]?.intValue.map { "  \($0) ms" } ?? ""
        switch envelope.outcome {
        case .error(let code, _):
            text = "\(style.red("✗ error")) \(code)  \(style.dim(envelope.executionID.description))\(took)"
        case .success(let outputs, let index):
            let memo = envelope.meta["memo"] == "hit" ? "  from the memo" : ""
            var lines = ["\(style.green("✓ success"))  \(style.dim(envelope.executionID.description))\(took)\(memo)"]
            for output in outputs {
                let size = output.sizeBytes.map { "\($0) B" } ?? "size unknown"
                let id = output.contentID.map { String($0.description.prefix(15)) + "…" } ?? "no id"
                lines.append(
                    "  \(output.path.text.printable)  \(style.dim("\(size)  \((output.mime ?? "").printable)  \(id)"))")
            }
            lines.append("  \(style.dim("index \(index)"))")
            // A processor that runs elsewhere, or sends nothing, leaves no files here.
            if let world, let first = outputs.first, FileManager.default.fileExists(atPath: world + first.path.text) {
                lines.append("  \(style.dim("on this host below \(world), or copied with --save-dir FOLDER"))")
            }
            text = lines.joined(separator: "\n")
        }
    }
}
