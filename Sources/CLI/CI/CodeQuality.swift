import BLAKE3
import DeploymentModel
import JSON

/// Diagnostics as GitLab's code quality report has them, so that a merge request shows them at their lines.
struct CodeQuality {
    let text: String

    init(_ diagnostics: [Diagnostic]) {
        var counts: [String: Int] = [:]
        let items = diagnostics.map { diagnostic -> JSONValue in
            let severity =
                switch diagnostic.severity {
                case .error: "major"
                case .warning: "minor"
                case .note: "info"
                }
            let message = [diagnostic.message, diagnostic.fix].compactMap(\.self).joined(separator: ". ")
            // A finding stays the same where lines move above it; equal ones of a file are counted.
            let subject = "\(diagnostic.file)\u{0}\(diagnostic.code.rawValue)\u{0}\(diagnostic.message)"
            counts[subject, default: 0] += 1
            return [
                "description": .string(message), "check_name": .string(diagnostic.code.rawValue),
                "fingerprint": .string(ContentID(of: "\(subject)\u{0}\(counts[subject] ?? 0)".utf8).hex),
                "severity": .string(severity),
                "location": [
                    "path": .string(diagnostic.file), "lines": ["begin": .integer(Int64(diagnostic.line ?? 1))],
                ],
            ]
        }
        text = JSONText(.array(items)).text
    }
}
