package import DeploymentModel
package import YAML

/// Collects everything that is wrong with one file.
package struct Findings {
    package let file: String
    package private(set) var diagnostics: [Diagnostic]

    /// - Parameter diagnostics: what has been found before.
    package init(file: String, _ diagnostics: [Diagnostic] = []) {
        self.file = file
        self.diagnostics = diagnostics
    }

    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// Adds a finding about the node, or about the file as a whole.
    package mutating func add(
        _ severity: Diagnostic.Severity, _ message: String, at node: YAMLNode? = nil, fix: String? = nil
    ) {
        add(severity, .spec, message, at: node, fix: fix)
    }

    /// Adds a finding with a code of its own.
    package mutating func add(
        _ severity: Diagnostic.Severity, _ code: ErrorCode, _ message: String, at node: YAMLNode? = nil,
        fix: String? = nil
    ) {
        diagnostics.append(Diagnostic(severity, code, message, file: file, at: node?.span, fix: fix))
    }

    /// Adds a finding whose line of the file must not be shown, because a secret may stand there.
    package mutating func addHidden(
        _ severity: Diagnostic.Severity, _ code: ErrorCode, _ message: String, at node: YAMLNode, fix: String
    ) {
        diagnostics.append(
            Diagnostic(severity, code, message, file: file, at: node.span, fix: fix, hidesSource: true))
    }

    /// Adds what another reader found in the same file.
    package mutating func add(_ other: Findings) { diagnostics += other.diagnostics }

    /// - Parameter source: the text that is no YAML.
    package mutating func add(_ error: YAMLError, in source: [UInt8] = []) {
        if let place = error.position, let column = Self.indentingTab(line: place.line, of: source) {
            diagnostics.append(
                Diagnostic(
                    .error, .yaml, "a tab indents this line, and YAML takes spaces alone", file: file,
                    line: place.line, column: column, fix: "write spaces in place of the tab"))
            return
        }
        diagnostics.append(
            Diagnostic(
                .error, error.kind == .budget ? .yamlBudget : .yaml, error.message, file: file,
                line: error.position?.line, column: error.position?.column,
                fix: error.kind == .budget ? "make the file smaller; a spec is a page, not a data file" : nil))
    }

    /// The column of a tab in what a line is indented by.
    private static func indentingTab(line: Int, of source: [UInt8]) -> Int? {
        let lines = source.split(separator: UInt8(ascii: "\n"), maxSplits: line, omittingEmptySubsequences: false)
        guard line > 0, line <= lines.count else { return nil }
        let indent = lines[line - 1].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return indent.firstIndex(of: UInt8(ascii: "\t")).map { $0 - indent.startIndex + 1 }
    }
}
