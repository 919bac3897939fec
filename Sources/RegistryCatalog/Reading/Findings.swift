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

    package mutating func add(_ error: YAMLError) {
        diagnostics.append(
            Diagnostic(
                .error, error.kind == .budget ? .yamlBudget : .yaml, error.message, file: file,
                line: error.position?.line, column: error.position?.column,
                fix: error.kind == .budget ? "make the file smaller; a spec is a page, not a data file" : nil))
    }
}
