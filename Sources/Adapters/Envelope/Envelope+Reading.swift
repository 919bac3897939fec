import BLAKE3
package import DeploymentModel
package import JSON

extension Envelope {
    /// Claims that the value means to be an envelope: an object whose `status` says `success` or `error`.
    static func isEnvelope(_ value: JSONValue) -> Bool {
        ["success", "error"].contains(value["status"])
    }

    /// Reads what a processor sent. Members that the contract doesn't know are ignored.
    ///
    /// - Parameter execution: the run that was asked for. An error that names none is taken for its own: a processor that
    ///   could not read the request does not know it.
    /// - Throws: `Failure` with `ERR_BAD_RESPONSE`, `ERR_OUTPUT_DUPLICATE` for two outputs of one canonical path, and the
    ///   codes of `WorldPath`.
    package init(reading value: JSONValue, of execution: ExecutionID) throws(Failure) {
        guard value.objectValue != nil else { throw .badEnvelope("it is \(value.kind), no object") }
        switch value["status"] {
        case "success":
            guard value["execution_id"] == .string(execution.description) else {
                throw .badEnvelope("its execution_id is not that of the run")
            }
            guard let index = value["index_path"]?.stringValue else { throw .badEnvelope("index_path is no string") }
            outcome = .success(outputs: try Self.outputs(value["outputs"]), indexPath: index)
        case "error":
            let id = value["execution_id"] ?? .null
            guard id.isNull || id == "" || id == .string(execution.description) else {
                throw .badEnvelope("its execution_id is not that of the run")
            }
            guard let code = value["error"]?["code"]?.stringValue, Self.isCode(code),
                let message = value["error"]?["message"]?.stringValue
            else { throw .badEnvelope("error needs a code and a message") }
            outcome = .error(code: code, message: message)
        default:
            throw .badEnvelope("status is neither success nor error")
        }
        guard let meta = (value["meta"] ?? [:]).objectValue else { throw .badEnvelope("meta is no object") }
        self.executionID = execution
        self.meta = meta
    }

    private static func outputs(_ value: JSONValue?) throws(Failure) -> [Output] {
        guard let entries = value?.arrayValue else { throw .badEnvelope("outputs is no array") }
        var outputs: [Output] = []
        var texts: [WorldPath: String] = [:]
        for (index, entry) in entries.enumerated() {
            let output = try Output(reading: entry, at: index)
            guard texts.updateValue(entry["path"]?.stringValue ?? "", forKey: output.path) == nil else {
                throw Failure(.outputDuplicate, "the envelope names \(output.path) twice")
            }
            outputs.append(output)
        }
        // After the duplicates, so that two spellings of one path are called what they are.
        for (path, text) in texts where !text.utf8.elementsEqual(path.text.utf8) {
            throw .badEnvelope("the path '\(text)' is not canonical: \(path)")
        }
        return outputs
    }

    private static func isCode(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.utf8.starts(with: "ERR_".utf8)
            && text.utf8.allSatisfy {
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || $0 == UInt8(ascii: "_")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }
}

extension Envelope.Output {
    /// Reads one entry of an envelope or an index.
    init(reading entry: JSONValue, at index: Int) throws(Failure) {
        guard let path = entry["path"]?.stringValue else { throw .badEnvelope("outputs[\(index)].path is no string") }
        self.path = try WorldPath(path)
        switch entry["cid"] {
        case nil: contentID = nil
        case .string(let text):
            do throws(MalformedContentID) {
                contentID = try ContentID(text)
            } catch {
                throw .badEnvelope("outputs[\(index)].cid: \(error)")
            }
        default: throw .badEnvelope("outputs[\(index)].cid is no string")
        }
        sizeBytes = try Self.optional(entry["size_bytes"], "outputs[\(index)].size_bytes is no size in bytes") {
            value in
            value.intValue.flatMap { $0 >= 0 ? $0 : nil }
        }
        mime = try Self.optional(entry["mime"], "outputs[\(index)].mime is no string") { $0.stringValue }
    }

    private static func optional<Value>(
        _ value: JSONValue?, _ complaint: String, _ read: (JSONValue) -> Value?
    ) throws(Failure) -> Value? {
        guard let value else { return nil }
        guard let result = read(value) else { throw .badEnvelope(complaint) }
        return result
    }
}

extension Failure {
    static func badEnvelope(_ complaint: String) -> Failure {
        Failure(.badResponse, "the processor's envelope is not valid: \(complaint)")
    }
}
