import DeploymentModel
import Git
import RegistryCatalog

extension RegistrySource {
    /// Whose the containers of the environment are.
    var owner: ContainerOwner {
        ContainerOwner(
            environment: environment.name, repository: state.address ?? state.repository.commonDirectory)
    }

    /// The environments whose containers may be on the same engine.
    var neighbours: [String] {
        let all = catalog.environments + [.standardLocal]
        return Set(all.filter { $0.target == .docker && $0.name != environment.name }.map(\.name)).sorted()
    }
}

extension StateStore {
    /// The names of the containers that environments have recorded as theirs.
    func containers(of environments: [String]) async throws(Failure) -> Set<String> {
        var names: Set<String> = []
        for environment in environments {
            names.formUnion(try await records(of: environment).values.compactMap(\.binding?.name))
        }
        return names
    }
}
