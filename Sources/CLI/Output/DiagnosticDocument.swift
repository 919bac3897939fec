import DeploymentModel
import JSON

/// Diagnostics as one JSON document.
struct DiagnosticDocument {
    let json: String

    init(_ diagnostics: [Diagnostic]) {
        let items = diagnostics.map { diagnostic -> JSONValue in
            var members: [String: JSONValue] = [
                "severity": .string(diagnostic.severity.rawValue), "code": .string(diagnostic.code.rawValue),
                "message": .string(diagnostic.message), "file": .string(diagnostic.file),
            ]
            members["line"] = diagnostic.line.map { .integer(Int64($0)) }
            members["column"] = diagnostic.column.map { .integer(Int64($0)) }
            members["fix"] = diagnostic.fix.map { .string($0) }
            return .object(members)
        }
        let document: JSONValue = ["format": "pinion.diagnostics/1", "diagnostics": .array(items)]
        json = JSONText(document).text
    }
}
