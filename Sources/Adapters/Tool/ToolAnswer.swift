import DeploymentModel
import JSON

/// What a tool says in the last line of its stdout: `{"outputs": {name: value…}, "usage": {…}, "error": {"code", "message"}}`,
/// or nothing.
struct ToolAnswer: Sendable {
    /// Values of declared outputs by name.
    var outputs: [String: JSONValue] = [:]
    var usage: JSONValue?
    var error: (code: String, message: String)?
    /// What is odd about it, one clause each.
    var warnings: [String] = []

    init() {}

    /// A last line that does not start with `{` is none.
    ///
    /// - Throws: `Failure` with `ERR_BAD_RESPONSE` for one that starts like an object and is no answer.
    init(_ line: LastLine) throws(Failure) {
        guard let bytes = line.bytes, bytes.first == UInt8(ascii: "{") else { return }
        func bad(_ why: String) -> Failure {
            Failure(.badResponse, "the last line of the tool's stdout is no answer: \(why)")
        }
        guard !line.isCut else { throw bad("it is longer than \(bytes.count) bytes") }
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue(parsing: bytes) } catch {
            throw bad("it is no JSON: \(error.message)")
        }
        for (name, value) in (json.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) where !value.isNull {
            switch name {
            case "outputs":
                guard let members = value.objectValue else { throw bad("its outputs are \(value.kind), not an object") }
                outputs = members
            case "usage":
                guard value.objectValue != nil else { throw bad("its usage is \(value.kind), not an object") }
                usage = value
            case "error":
                guard let code = value["code"]?.stringValue, Self.isCode(code),
                    let message = value["message"]?.stringValue
                else { throw bad("its error has no code such as ERR_PROVIDER, or no message") }
                error = (code, message)
            default: warnings.append("the tool's answer has '\(name)', which means nothing")
            }
        }
    }

    private static func isCode(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.hasPrefix("ERR_") && text.utf8.count > 4
            && text.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
    }
}
