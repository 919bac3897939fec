import ArgumentParser
import DeploymentModel

/// Which repository, branch and environment a command is about.
struct WorkspaceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The git repository: a path, bare or not, or a URL, whose branch and records are then written by push.",
            valueName: "path or url"), completion: .directory)
    var repo = "."

    @Option(
        help: ArgumentHelp("Work on this remote of the repository instead, as with its URL: origin.", valueName: "name")
    )
    var remote: String?

    @Option(
        help: ArgumentHelp(
            "The branch whose tip is read. Default: the environment's own, else the one that HEAD names.",
            valueName: "name"), completion: CatalogCompletion.branches)
    var branch: String?

    @Option(
        help: ArgumentHelp("The environment. Default: local; of Modal, what MODAL_ENV says.", valueName: "name"),
        completion: CatalogCompletion.environments)
    var env: String?

    @Option(help: "Where pins go, instead of what the environment says: commit, branch or record.")
    var pins: PinMode?

    @OptionGroup var state: StateRepositoryOptions
    @OptionGroup var oci: OCIOptions
}

extension PinMode: ExpressibleByArgument {}
