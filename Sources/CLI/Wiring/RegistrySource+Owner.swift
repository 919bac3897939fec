import DeploymentModel
import Git
import RegistryCatalog

extension RegistrySource {
    /// Whose the containers of the environment are. The records of `local` never leave this host, whichever remote the
    /// repository is a copy of.
    var owner: ContainerOwner {
        let isLocal = environment.name == EnvironmentSpec.standardLocal.name
        return ContainerOwner(
            environment: environment.name, repository: isLocal ? state.repository.commonDirectory : state.place)
    }
}
