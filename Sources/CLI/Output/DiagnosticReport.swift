import DeploymentModel
import RegistryCatalog

/// Everything that is wrong with a registry, on stderr.
struct DiagnosticReport {
    private let workspace: Workspace

    init(_ workspace: Workspace) { self.workspace = workspace }

    /// Tells who sees it on a terminal, and finds nothing to do, of what nobody looked at.
    func showUncommitted() async {
        guard Terminal.standardError.isTerminal else { return }
        let count = await workspace.uncommittedFiles()
        guard count > 0 else { return }
        Output.note(
            "note: \(counted(count, "file")) of the working tree \(count == 1 ? "is" : "are") not committed, and not looked at"
        )
    }

    func show() {
        for diagnostic in workspace.diagnostics {
            let source = workspace.catalog.sources[diagnostic.file]
            Output.note(DiagnosticText(diagnostic, source: source, style: .standardError).text + "\n")
        }
        for note in workspace.notes { Output.note("note: \(note)") }
        let errors = workspace.diagnostics.filter { $0.severity == .error }
        guard !errors.isEmpty else { return }
        let files = Set(errors.map(\.file)).count
        Output.note("\(counted(errors.count, "error")) in \(counted(files, "file")); these processors are left out.\n")
    }
}
