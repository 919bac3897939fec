package import BLAKE3
package import DeploymentModel
package import JSON

/// How one run ended: the same shape from every adapter (contract "Envelope and index").
package struct Envelope: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case success(outputs: [Output], indexPath: String)
        /// The code is Pinion's or the processor's own.
        case error(code: String, message: String)
    }

    /// One file that the run wrote. Older processors name the path alone.
    package struct Output: Hashable, Sendable {
        package let path: WorldPath
        package let contentID: ContentID?
        package let sizeBytes: Int64?
        package let mime: String?

        package init(path: WorldPath, contentID: ContentID? = nil, sizeBytes: Int64? = nil, mime: String? = nil) {
            self.path = path
            self.contentID = contentID
            self.sizeBytes = sizeBytes
            self.mime = mime
        }
    }

    package let executionID: ExecutionID
    package let outcome: Outcome
    package let meta: [String: JSONValue]

    package init(executionID: ExecutionID, outcome: Outcome, meta: [String: JSONValue]) {
        self.executionID = executionID
        self.outcome = outcome
        self.meta = meta
    }

    package var isSuccess: Bool {
        if case .success = outcome { true } else { false }
    }

    /// The outputs; none of an error.
    package var outputs: [Output] {
        if case .success(let outputs, _) = outcome { outputs } else { [] }
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "execution_id": .string(executionID.description),
            "meta": .object(meta),
        ]
        switch outcome {
        case .success(let outputs, let indexPath):
            members["status"] = "success"
            members["outputs"] = .array(outputs.map(\.json))
            members["index_path"] = .string(indexPath)
        case .error(let code, let message):
            members["status"] = "error"
            members["error"] = ["code": .string(code), "message": .string(message)]
        }
        return .object(members)
    }
}

extension Envelope.Output {
    var json: JSONValue {
        var members: [String: JSONValue] = ["path": .string(path.text)]
        members["cid"] = contentID.map { .string($0.description) }
        members["size_bytes"] = sizeBytes.map { .integer($0) }
        members["mime"] = mime.map { .string($0) }
        return .object(members)
    }
}
