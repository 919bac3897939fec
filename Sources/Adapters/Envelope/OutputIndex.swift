import DeploymentModel
import JSON

/// The index that a processor writes beside its outputs: `{"outputs":[…]}`, compact, sorted by path.
struct OutputIndex {
    let outputs: [Envelope.Output]

    /// The index of these outputs.
    init(_ outputs: [Envelope.Output]) { self.outputs = outputs.sorted { $0.path < $1.path } }

    /// As it is stored: compact, sorted by path.
    var bytes: [UInt8] {
        Array(JSONValue.object(["outputs": .array(outputs.map(\.json))]).compact.utf8)
    }

    /// Reads the index as it was received.
    ///
    /// - Throws: `Failure` with `ERR_BAD_RESPONSE` for another form, `ERR_OUTPUT_DUPLICATE`, and the codes of `WorldPath`.
    init(reading bytes: [UInt8]) throws(Failure) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw Self.bad("\(error)")
        }
        guard Self.isCompact(bytes) else { throw Self.bad("it has white space between its tokens") }
        guard let members = value.objectValue, members.count == 1, let entries = members["outputs"]?.arrayValue else {
            throw Self.bad("it is not {\"outputs\":[…]}")
        }
        var outputs: [Envelope.Output] = []
        for (index, entry) in entries.enumerated() {
            let output = try Envelope.Output(reading: entry, at: index)
            if let last = outputs.last, !(last.path < output.path) {
                if outputs.contains(where: { $0.path == output.path }) {
                    throw Failure(.outputDuplicate, "the index of outputs names \(output.path) twice")
                }
                throw Self.bad("it is not sorted by path")
            }
            outputs.append(output)
        }
        self.outputs = outputs
    }

    /// Whether a valid JSON text has no white space outside its strings.
    private static func isCompact(_ bytes: [UInt8]) -> Bool {
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if byte <= 0x20 {
                return false
            }
        }
        return true
    }

    private static func bad(_ complaint: String) -> Failure {
        Failure(.badResponse, "the index of outputs is not valid: \(complaint)")
    }
}
