package import DeploymentModel

/// Something wrong in a Dockerfile, as its builder would say too.
package struct DockerfileFinding: Hashable, Sendable {
    package let severity: Diagnostic.Severity
    /// A clause without a full stop.
    package let message: String
    /// Counts from 1.
    package let line: Int
    package let fix: String?

    init(_ severity: Diagnostic.Severity, _ message: String, line: Int, fix: String? = nil) {
        self.severity = severity
        self.message = message
        self.line = line
        self.fix = fix
    }

    /// The same about the Dockerfile at this path.
    package func diagnostic(file: String) -> Diagnostic {
        Diagnostic(severity, .spec, message, file: file, line: line, fix: fix)
    }
}
