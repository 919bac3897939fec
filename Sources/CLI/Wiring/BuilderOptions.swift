import ArgumentParser
import DeploymentModel
import Docker
import FoundationEssentials
import OCI

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
    /// Whether builds are to be tried and thrown away.
    var isForTrying = false
}

extension BuilderSettings {
    /// The builder that fits this machine.
    ///
    /// - Parameter isNeeded: asking for it costs a run of docker, so what builds nothing doesn't.
    func builder(
        _ client: EngineClient, _ logins: DockerCredentials, _ registry: OCIRegistryClient, isNeeded: Bool = true
    ) async throws(Failure) -> any ImageBuilder {
        let variables: [String: String?] = builder.map { ["BUILDX_BUILDER": $0] } ?? [:]
        if isNeeded, try await BuilderChoice.find(client, environment: variables) == .buildx {
            return BuildxBuilder(
                client, environment: variables, registry: registry, pusher: registry, usesCache: usesCache,
                isForTrying: isForTrying)
        }
        return EngineBuilder(
            client, credentials: logins, registry: registry, isForTrying: isForTrying,
            now: { Int(Date().timeIntervalSince1970) })
    }
}
