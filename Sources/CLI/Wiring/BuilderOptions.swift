import ArgumentParser

/// How images are built.
struct BuilderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The buildx builder to use: a remote, Kubernetes or cloud one. Default: buildx's own choice.",
            valueName: "name"))
    var builder: String?

    @Flag(help: "Build every step anew.")
    var noCache = false

    @Flag(help: "Build anew what is based on a tag that has moved since.")
    var refreshBases = false

    var settings: BuilderSettings {
        BuilderSettings(builder: builder, usesCache: !noCache, refreshesBases: refreshBases)
    }
}

/// How a session builds.
struct BuilderSettings {
    /// The buildx builder; `nil` leaves the choice to buildx.
    var builder: String?
    var usesCache = true
    var refreshesBases = false
}
