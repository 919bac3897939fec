import ArgumentParser
import DeploymentModel

/// Which processors, and for which platforms.
struct SelectionOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The processors, as ns/name@ver. Default: all of them.", valueName: "ref"))
    var refs: [ProcessorRef] = []

    @Option(help: ArgumentHelp("amd64 or arm64. Can be repeated.", valueName: "platform"))
    var platform: [Platform] = []

    /// The processors of the workspace that are meant, in the order of their refs.
    ///
    /// - Parameter built: where none is named, those alone that are built here; others track a tag.
    /// - Throws: `Failure` with `ERR_SPEC` when there is no such processor, naming all that are missing.
    func processors(of workspace: Workspace, built: Bool = false) throws(Failure) -> [DesiredProcessor] {
        let all = workspace.desired.processors.sorted { $0.ref < $1.ref }
        guard !refs.isEmpty else {
            return built ? all.filter { if case .build = $0.source { true } else { false } } : all
        }
        let known = Set(all.map(\.ref))
        let missing = refs.filter { !known.contains($0) }
        guard missing.isEmpty else {
            let names = missing.map(\.description).joined(separator: ", ")
            throw Failure(
                .spec, "there is no processor \(names) at \(workspace.desired.commit.prefix(7))",
                remedy: Suggestion.text(for: missing[0].description, among: all.map(\.ref.description)))
        }
        return all.filter { refs.contains($0.ref) }
    }
}
