/// One finding about a file of the registry or the pipelines.
package struct Diagnostic: Error, Hashable, Sendable, Codable {
    package enum Severity: String, Codable, Hashable, Sendable { case error, warning, note }

    package let severity: Severity
    package let code: ErrorCode
    /// What is wrong, as a clause without a full stop.
    package let message: String
    package let file: String
    /// Both count from 1; the column counts Unicode scalars. `nil` when the whole file is meant.
    package let line: Int?
    package let column: Int?
    /// How many characters are meant, from `column` on the one line.
    package let length: Int?
    /// What to do about it.
    package let fix: String?
    /// Claims that the line itself must not be shown, because a secret may stand on it.
    package let hidesSource: Bool

    package init(
        _ severity: Severity, _ code: ErrorCode, _ message: String, file: String, line: Int? = nil,
        column: Int? = nil, length: Int? = nil, fix: String? = nil, hidesSource: Bool = false
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.length = length
        self.fix = fix
        self.hidesSource = hidesSource
    }

    /// `file:line:column`, as far as it is known.
    package var place: String {
        [file, line.map(String.init), column.map(String.init)].compactMap(\.self).joined(separator: ":")
    }
}

extension Diagnostic: Comparable {
    /// By file, then place, then severity: the order in which they are reported.
    package static func < (left: Self, right: Self) -> Bool {
        (left.file, left.line ?? 0, left.column ?? 0, left.message)
            < (right.file, right.line ?? 0, right.column ?? 0, right.message)
    }
}
