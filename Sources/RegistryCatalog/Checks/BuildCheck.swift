import DeploymentModel
import Git

/// Looks whether the build of a spec finds its files in a commit.
struct BuildCheck: Sendable {
    let diagnostics: [Diagnostic]
    /// The places in the tree that decided.
    let places: [String: TreeListing.Mark]

    /// - Throws: `GitError` when git cannot be read.
    init?(of spec: ProcessorSpec, in listing: TreeListing, _ repository: GitRepository) async throws(GitError) {
        guard spec.isEnabled, spec.image.track == nil, let build = spec.build else { return nil }
        do throws(Failure) {
            let inputs = try await BuildInputs(of: spec, build, at: listing.commit, in: repository)
            // Any OCI registry will do: what is looked at is the grammar.
            if spec.image.repository == nil {
                _ = try EnvironmentSpec.standardLocal.repository(for: spec.ref)
            }
            diagnostics = inputs.context.diagnostics
            let paths = inputs.places(of: spec, build)
            places = Dictionary(paths.map { ($0, listing.mark(of: $0)) }) { first, _ in first }
        } catch {
            let span = spec.places["build.dockerfile"] ?? spec.places["build.context"] ?? spec.places["ref"]
            diagnostics = [
                Diagnostic(.error, error.code, error.message, file: spec.path, at: span, fix: error.remedy)
            ]
            places = ["": listing.mark(of: "")]
        }
    }
}
