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
            let context = try await BuildInputs(of: spec, build, at: listing.commit, in: repository).context
            // Any OCI registry will do: what is looked at is the grammar.
            if spec.image.repository == nil {
                _ = try EnvironmentSpec.standardLocal.repository(for: spec.ref)
            }
            diagnostics = context.diagnostics
            places = Self.places(of: context.recipe, build, spec, listing)
        } catch {
            let span = spec.places["build.dockerfile"] ?? spec.places["build.context"] ?? spec.places["ref"]
            diagnostics = [
                Diagnostic(.error, error.code, error.message, file: spec.path, at: span, fix: error.remedy)
            ]
            places = ["": listing.mark(of: "")]
        }
    }

    /// The context's folder and what the Dockerfile is read from. Where a build may have been looked for in two places,
    /// everything counts.
    private static func places(
        of recipe: BuildContext.Recipe, _ build: BuildSpec, _ spec: ProcessorSpec, _ listing: TreeListing
    ) -> [String: TreeListing.Mark] {
        let folder = spec.path.split(separator: "/").dropLast().joined(separator: "/")
        guard build.context == ".", recipe.context == folder else { return ["": listing.mark(of: "")] }
        let paths = [recipe.context, recipe.dockerfile, recipe.dockerfile + ".dockerignore"]
        return Dictionary(paths.map { ($0, listing.mark(of: $0)) }) { first, _ in first }
    }
}
