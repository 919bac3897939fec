package import DeploymentModel
package import Git

/// Everything that is to be said of a registry, without looking at anything but git.
package struct Validation: Sendable {
    /// Sorted by place.
    package let diagnostics: [Diagnostic]

    /// - Parameter publications: the versions that have been deployed to `staging` or `main`.
    /// - Throws: `Failure` when git cannot be read.
    package init(
        _ catalog: Catalog, in repository: GitRepository, publications: [ImmutabilityCheck.Publication]
    ) async throws(Failure) {
        // Which environment does not matter: what is missing for a build is missing everywhere.
        let reader = DesiredStateReader(catalog, in: repository, environment: .standardLocal)
        let builds = try await reader.read(branch: nil, pins: .commit).diagnostics
        do throws(GitError) {
            let mutations = try await ImmutabilityCheck(catalog, in: repository).findings(publications)
            diagnostics = (catalog.diagnostics + builds + catalog.pinDiagnostics() + mutations).sorted()
        } catch { throw Failure(.git, error.message) }
    }

    /// What the specs alone give to say: neither whether builds find their files nor whether published versions changed
    /// has been looked at.
    package init(ofSpecsAloneIn catalog: Catalog) {
        diagnostics = (catalog.diagnostics + catalog.pinDiagnostics()).sorted()
    }

    private init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// What a change is answerable for: the findings in the files that it touches, and those that were not there before.
    package func since(_ base: Validation, touching paths: Set<String>) -> Validation {
        let old = Set(base.diagnostics.map { [$0.file, $0.code.rawValue, $0.message] })
        return Validation(
            diagnostics.filter { paths.contains($0.file) || !old.contains([$0.file, $0.code.rawValue, $0.message]) })
    }
}
