package import DeploymentModel
import JSON

/// An envelope that was checked, and completed where older processors leave things out.
package struct CheckedEnvelope: Hashable, Sendable {
    package let envelope: Envelope
    /// What could not be checked, one clause each.
    package let warnings: [String]
}

/// What one run was asked to do, to hold its envelope against (contract "Envelope and index").
package struct EnvelopeCheck: Hashable, Sendable {
    package let executionID: ExecutionID
    package let writePrefix: WritePrefix
    package let declared: [DeclaredOutput]
    /// The digest that was meant to run; `nil` for an image that has none yet.
    package let image: Digest?

    package init(executionID: ExecutionID, writePrefix: WritePrefix, declared: [DeclaredOutput], image: Digest?) {
        self.executionID = executionID
        self.writePrefix = writePrefix
        self.declared = declared
        self.image = image
    }

    /// Believes an envelope or says why not.
    ///
    /// - Parameter received: what the processor uploaded; `nil` where it could upload nothing.
    /// - Throws: `Failure` with `ERR_REGISTRY_MISMATCH`, `ERR_BAD_RESPONSE`, `ERR_OUTPUT_DUPLICATE` or
    ///   `ERR_OUTPUT_MISMATCH`, and the codes of `WorldPath`.
    package func check(_ envelope: Envelope, received: ReceivedArtifacts?) throws(Failure) -> CheckedEnvelope {
        try checkDigest(envelope)
        guard case .success(let outputs, let indexPath) = envelope.outcome else {
            return CheckedEnvelope(envelope: envelope, warnings: [])
        }
        let ownIndexes = ["/artifacts/execution/\(executionID)/outputs.json", writePrefix.index]
        guard ownIndexes.contains(indexPath) else {
            throw .badEnvelope("index_path '\(indexPath)' is neither \(ownIndexes[0]) nor \(ownIndexes[1])")
        }
        for output in outputs { try checkPlace(output.path, ownIndexes) }
        try checkDeclared(outputs)
        var completed: [Envelope.Output] = []
        var warnings: [String] = []
        if let received, !received.isEmpty {
            try checkIndex(received, outputs)
            for output in outputs {
                completed.append(try complete(output, received))
                if declaration(of: output.path) == nil {
                    warnings.append("\(output.path) is not declared, so it could not be uploaded and checked")
                }
            }
            try checkUploads(received, outputs)
        } else {
            completed = outputs.map { Envelope.Output($0, mime: $0.mime ?? declaration(of: $0.path)?.mime) }
            warnings = outputs.filter { $0.contentID == nil }.map {
                "\($0.path) has no cid and its bytes can't be reached"
            }
            if received != nil { warnings.append("the processor uploaded nothing, so its outputs are only claimed") }
        }
        let outcome = Envelope.Outcome.success(outputs: completed, indexPath: indexPath)
        return CheckedEnvelope(
            envelope: Envelope(executionID: executionID, outcome: outcome, meta: envelope.meta), warnings: warnings)
    }

    private func checkDigest(_ envelope: Envelope) throws(Failure) {
        guard let image, let claim = envelope.meta["image_digest"], !claim.isNull else { return }
        guard let text = claim.stringValue, image.isMeant(by: text) else {
            throw Failure(
                .registryMismatch, "the processor says that it runs \(claim.compact), not \(image)",
                remedy: "Deploy the pinned digest again.")
        }
    }

    /// An index lists outputs below the write prefix; neither itself nor a receipt is one.
    private func checkPlace(_ path: WorldPath, _ indexes: [String]) throws(Failure) {
        guard !indexes.contains(path.text), path.text != writePrefix.text + "receipt.json",
            path.text != "/artifacts/execution/\(executionID)/receipt.json"
        else { throw .badEnvelope("the index or the receipt is listed as an output: \(path)") }
        guard writePrefix.contains(path) else {
            throw .badEnvelope("the output \(path) is not below the write prefix \(writePrefix)")
        }
    }

    /// Every promised file is there; a promise that ends in `/` is a folder and binds to nothing.
    private func checkDeclared(_ outputs: [Envelope.Output]) throws(Failure) {
        for promise in declared where promise.path.utf8.last != UInt8(ascii: "/") {
            let path = try writePrefix.path(of: promise.path)
            guard outputs.contains(where: { $0.path == path }) else {
                throw Failure(.outputMismatch, "the declared output \(promise.path) is missing in the envelope")
            }
        }
    }

    private func checkIndex(_ received: ReceivedArtifacts, _ outputs: [Envelope.Output]) throws(Failure) {
        guard let bytes = received.index else {
            throw Failure(.outputMismatch, "the processor uploaded outputs and no index of them")
        }
        guard try OutputIndex(reading: bytes).outputs == outputs.sorted(by: { $0.path < $1.path }) else {
            throw Failure(.outputMismatch, "the uploaded index and the envelope name different outputs")
        }
    }

    /// Compares what is said of an output with what was received, and fills in what isn't said.
    private func complete(_ output: Envelope.Output, _ received: ReceivedArtifacts) throws(Failure) -> Envelope.Output {
        guard let promise = declaration(of: output.path) else { return output }
        guard let artifact = received.outputs[promise.path] else {
            throw Failure(.outputMismatch, "\(output.path) is in the envelope and was not uploaded")
        }
        guard output.contentID == nil || output.contentID == artifact.contentID else {
            throw Failure(.outputMismatch, "\(output.path) was received as \(artifact.contentID), which is not its cid")
        }
        guard output.sizeBytes == nil || output.sizeBytes == artifact.sizeBytes else {
            throw Failure(
                .outputMismatch, "\(output.path) was received with \(artifact.sizeBytes) bytes, which is not its size")
        }
        return Envelope.Output(
            path: output.path, contentID: artifact.contentID, sizeBytes: artifact.sizeBytes,
            mime: output.mime ?? promise.mime ?? artifact.mime)
    }

    private func checkUploads(_ received: ReceivedArtifacts, _ outputs: [Envelope.Output]) throws(Failure) {
        for promise in received.outputs.keys.sorted() {
            let path = try writePrefix.path(of: promise)
            guard outputs.contains(where: { $0.path == path }) else {
                throw Failure(.outputMismatch, "\(path) was uploaded and is not in the envelope")
            }
        }
    }

    private func declaration(of path: WorldPath) -> DeclaredOutput? {
        declared.first { (try? writePrefix.path(of: $0.path)) == path }
    }
}

extension Digest {
    /// Claims that the text is this digest, bare or at the end of an image reference.
    func isMeant(by text: String) -> Bool { text.split(separator: "@").last.map(String.init) == description }
}

extension Envelope.Output {
    fileprivate init(_ output: Self, mime: String?) {
        self.init(path: output.path, contentID: output.contentID, sizeBytes: output.sizeBytes, mime: mime)
    }
}
