package import DeploymentModel
package import JSON

/// What a processor is told: the same over every transport (contract "Transports").
package struct RunPayload: Hashable, Sendable {
    package let executionID: ExecutionID
    /// `mock` or `real`; only a test of the processor itself sends another word.
    package let mode: String
    package let inputs: JSONValue
    package let writePrefix: WritePrefix
    /// Where to upload `outputs.json` and `outputs/<declared path>`; `nil` lets the processor keep its outputs. The URLs
    /// are credentials.
    package let putURLs: [String: String]?

    package init(
        executionID: ExecutionID, mode: RunMode, inputs: JSONValue, writePrefix: WritePrefix,
        putURLs: [String: String]? = nil
    ) {
        self.executionID = executionID
        self.mode = mode.rawValue
        self.inputs = inputs
        self.writePrefix = writePrefix
        self.putURLs = putURLs
    }

    /// Reads a payload as callers of the transport-level API write it, whatever its mode is.
    ///
    /// - Throws: `Failure` with `ERR_INPUTS` for a payload without ids, and the codes of `WritePrefix`.
    package init(reading json: JSONValue) throws(Failure) {
        guard let id = json["execution_id"]?.stringValue.flatMap({ try? ExecutionID($0) }),
            let mode = json["mode"]?.stringValue, let prefix = json["write_prefix"]?.stringValue
        else { throw Failure(.inputs, "a payload needs execution_id, mode and write_prefix") }
        executionID = id
        self.mode = mode
        inputs = json["inputs"] ?? [:]
        writePrefix = try WritePrefix(prefix, for: id)
        putURLs = json["put_urls"]?.objectValue?.compactMapValues(\.stringValue)
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "execution_id": .string(executionID.description),
            "mode": .string(mode),
            "inputs": inputs,
            "write_prefix": .string(writePrefix.text),
            "schema": "v1",
        ]
        if let putURLs { members["put_urls"] = .object(putURLs.mapValues { .string($0) }) }
        return .object(members)
    }
}
