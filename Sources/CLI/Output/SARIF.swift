import DeploymentModel
import JSON

/// Diagnostics in the Static Analysis Results Interchange Format, version 2.1.0 (OASIS), for code scanning.
struct SARIF {
    let text: String

    /// - Parameter category: what runs of one kind have in common, ending in a slash; code scanning keeps the findings of
    ///   different kinds apart by it.
    init(_ diagnostics: [Diagnostic], category: String) {
        let codes = Set(diagnostics.map(\.code.rawValue)).sorted()
        let driver: JSONValue = [
            "name": "Pinion", "version": .string(Version.text),
            "rules": .array(codes.map { ["id": .string($0)] }),
        ]
        let run: JSONValue = [
            "tool": ["driver": driver], "automationDetails": ["id": .string(category)],
            "columnKind": "unicodeCodePoints",
            "results": .array(diagnostics.map(Self.result)),
        ]
        let document: JSONValue = [
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run],
        ]
        text = JSONText(document).text
    }

    private static func result(_ diagnostic: Diagnostic) -> JSONValue {
        let level = diagnostic.severity.rawValue
        var place: [String: JSONValue] = [
            "artifactLocation": ["uri": .string(uri(diagnostic.file)), "uriBaseId": "%SRCROOT%"]
        ]
        if let line = diagnostic.line {
            var region: [String: JSONValue] = ["startLine": .integer(Int64(line))]
            if let column = diagnostic.column {
                region["startColumn"] = .integer(Int64(column))
                region["endColumn"] = .integer(Int64(column + (diagnostic.length ?? 1)))
            }
            place["region"] = .object(region)
        }
        let message = [diagnostic.message, diagnostic.fix].compactMap(\.self).joined(separator: ". ")
        return [
            "ruleId": .string(diagnostic.code.rawValue), "level": .string(level), "message": ["text": .string(message)],
            "locations": [["physicalLocation": .object(place)]],
        ]
    }

    /// A relative URI reference (RFC 3986) out of a path.
    private static func uri(_ path: String) -> String {
        path.utf8.reduce(into: "") { text, byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.isASCII
                && (Character(scalar).isLetter || Character(scalar).isNumber || "/-._~@".utf8.contains(byte))
            if isPlain {
                text.unicodeScalars.append(scalar)
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                text += "%" + (hex.count < 2 ? "0" : "") + hex
            }
        }
    }
}
