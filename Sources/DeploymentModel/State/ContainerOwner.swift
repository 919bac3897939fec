/// Whose a container that stays is: an engine may serve several environments, and several repositories. What another owner
/// has, or nobody, is neither used nor removed nor told of.
package struct ContainerOwner: Hashable, Sendable, Codable {
    package let environment: String
    /// Where the environment's records are: the place of a remote, else the git directory.
    package let repository: String

    package init(environment: String, repository: String) {
        self.environment = environment
        self.repository = repository
    }
}
