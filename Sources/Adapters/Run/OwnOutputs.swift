import BLAKE3
import DeploymentModel
import FoundationEssentials
import JSON

/// The answer of an adapter that has the outputs itself, as files of the stage or in memory.
struct OwnOutputs {
    enum Content {
        case bytes([UInt8])
        /// A regular file of the stage.
        case file(String)
    }

    private let run: AdmittedRun
    private let kind: AdapterKind

    init(_ run: AdmittedRun, _ kind: AdapterKind) {
        self.run = run
        self.kind = kind
    }

    /// - Parameter files: by path relative to the write prefix, with the type of each where it is known.
    /// - Throws: `Failure` with `ERR_OUTPUT_DUPLICATE` and the codes of `WorldPath`, `ERR_SANDBOX` when the disk refuses.
    func answer(
        _ files: [(path: String, mime: String?, content: Content)], meta: [String: JSONValue] = [:],
        usage: JSONValue? = nil, warnings: [String] = []
    ) async throws(Failure) -> RunAnswer {
        let invocation = run.invocation
        var artifacts: [String: ReceivedArtifacts.Artifact] = [:]
        var outputs: [Envelope.Output] = []
        for (number, (name, mime, content)) in files.enumerated() {
            let path = try invocation.writePrefix.path(of: name)
            guard invocation.writePrefix.contains(path) else {
                throw Failure(.badFacet, "the output \(path) is not below the write prefix \(invocation.writePrefix)")
            }
            guard path.text != invocation.writePrefix.index else {
                throw .badEnvelope("the index is listed as an output: \(path)")
            }
            guard !outputs.contains(where: { $0.path == path }) else {
                throw Failure(.outputDuplicate, "the run wrote \(path) twice")
            }
            let stage = run.stage
            let (file, id, size) = try await LocalWorld.blocking("the output \(path) can't be kept") {
                () -> (String, ContentID, Int64) in
                switch content {
                case .bytes(let bytes):
                    let file = "\(stage)/own-\(number)"
                    try Data(bytes).write(to: URL(filePath: file))
                    return (file, ContentID(of: bytes), Int64(bytes.count))
                case .file(let file):
                    var hasher = ContentHasher()
                    var size: Int64 = 0
                    try LocalWorld.read(file) {
                        hasher.update($0)
                        size += Int64($0.count)
                    }
                    return (file, hasher.contentID, size)
                }
            }
            // By its canonical path, as it is published.
            artifacts[String(path.text.dropFirst(invocation.writePrefix.text.count))] =
                ReceivedArtifacts.Artifact(file: file, contentID: id, sizeBytes: size, mime: mime)
            outputs.append(Envelope.Output(path: path, contentID: id, sizeBytes: size, mime: mime))
        }
        outputs.sort { $0.path < $1.path }
        var meta = meta
        meta["env_fingerprint"] = .string(run.context.fingerprint)
        meta["image_digest"] = invocation.image.map { .string($0.description) }
        let envelope = Envelope(
            executionID: invocation.executionID,
            outcome: .success(
                outputs: outputs, indexPath: "/artifacts/execution/\(invocation.executionID)/outputs.json"),
            meta: meta)
        return RunAnswer(
            CheckedEnvelope(envelope: envelope, warnings: warnings),
            received: ReceivedArtifacts(index: OutputIndex(outputs).bytes, outputs: artifacts), usage: usage)
    }
}
