import ArgumentParser
import DeploymentModel
import FoundationEssentials
import OCI

/// How OCI registries are reached.
struct OCIOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "An OCI registry to reach by plain HTTP, as those on loopback are. Can be repeated.",
            valueName: "host[:port]"))
    var insecureRegistry: [RegistryHost] = []

    /// A client with the log-ins of this user and these options.
    func client(credentials: DockerCredentials) -> OCIRegistryClient {
        OCIRegistryClient(
            credentials: credentials,
            layerCache: LayerFactsCache(environment: ProcessInfo.processInfo.environment),
            insecure: Set(insecureRegistry))
    }
}

extension RegistryHost: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
