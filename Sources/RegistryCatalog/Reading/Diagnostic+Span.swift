import DeploymentModel
import YAML

extension Diagnostic {
    /// A finding about a part of a YAML file; `nil` means the file as a whole.
    init(
        _ severity: Severity, _ code: ErrorCode, _ message: String, file: String, at span: SourceSpan?,
        fix: String? = nil,
        hidesSource: Bool = false
    ) {
        // The caret underlines what is on the first line.
        let isOneLine = span.map { $0.start.line == $0.end.line } ?? false
        self.init(
            severity, code, message, file: file, line: span?.start.line, column: span?.start.column,
            length: isOneLine ? span.map { max(1, $0.end.column - $0.start.column) } : nil, fix: fix,
            hidesSource: hidesSource)
    }
}
