/// Whose a container that stays is: an engine may serve several environments, and several repositories.
package struct ContainerOwner: Hashable, Sendable, Codable {
    package let environment: String
    /// Where the environment's records are: the address of a remote without credentials, else the git directory.
    package let repository: String

    package init(environment: String, repository: String) {
        self.environment = environment
        self.repository = repository
    }
}

extension ObservedContainer {
    /// Claims that an environment of this repository may use it. What carries no owner is anybody's: earlier versions of
    /// Pinion marked none.
    package func isShared(with other: ContainerOwner?) -> Bool {
        guard let owner, let other else { return true }
        return owner.repository == other.repository
    }

    /// Claims that it is this environment's: started for it, or recorded as what it runs.
    package func belongs(to environment: String, _ record: RefRecord?) -> Bool {
        owner.map { $0.environment == environment } ?? true || record?.binding?.name == name
    }
}
