package import JSON

/// What a processor is told: the same over every transport (contract "Transports").
package struct RunPayload: Hashable, Sendable {
    package let executionID: ExecutionID
    package let mode: RunMode
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
        self.mode = mode
        self.inputs = inputs
        self.writePrefix = writePrefix
        self.putURLs = putURLs
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "execution_id": .string(executionID.description),
            "mode": .string(mode.rawValue),
            "inputs": inputs,
            "write_prefix": .string(writePrefix.text),
            "schema": "v1",
        ]
        if let putURLs { members["put_urls"] = .object(putURLs.mapValues { .string($0) }) }
        return .object(members)
    }
}
