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
        json = document.pretty
    }
}

/// A workflow command of GitHub Actions that puts a diagnostic on its line.
struct Annotation {
    let text: String

    init(_ diagnostic: Diagnostic) {
        let command =
            switch diagnostic.severity {
            case .error: "error"
            case .warning: "warning"
            case .note: "notice"
            }
        var properties = ["file=\(Self.escaped(diagnostic.file, in: true))"]
        if let line = diagnostic.line { properties.append("line=\(line)") }
        if let column = diagnostic.column { properties.append("col=\(column)") }
        properties.append("title=\(diagnostic.code.rawValue)")
        let message = [diagnostic.message, diagnostic.fix].compactMap(\.self).joined(separator: "\n")
        text = "::\(command) \(properties.joined(separator: ","))::\(Self.escaped(message, in: false))"
    }

    /// `%`, line ends and, in properties, `:` and `,` have a meaning of their own there.
    private static func escaped(_ text: String, in property: Bool) -> String {
        let plain = text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
        return property ? plain.replacing(":", with: "%3A").replacing(",", with: "%2C") : plain
    }
}
