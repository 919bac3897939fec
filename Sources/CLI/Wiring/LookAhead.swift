import ContentCache
import DeploymentModel
import Docker
import FoundationEssentials
import Git
import Records
import RegistryCatalog
import Synchronization

/// What a run will ask for whatever its registry says, asked for while the registry is read.
///
/// Its tasks are detached: they were begun in one place, are waited for in another, and what nobody comes to need is let run out.
final class LookAhead: Sendable {
    private struct State {
        var builds: PreparedBuilds?
        var containers: Task<[ObservedContainer]?, Never>?
    }

    let records = SeenRecords()
    private let listsContainers: Bool
    private let state = Mutex(State())

    /// - Parameter listsContainers: whether the run will look at the containers of its environment.
    init(listsContainers: Bool = false) { self.listsContainers = listsContainers }

    /// What the cache has of builds, as far as somebody has begun to read it.
    var builds: PreparedBuilds? { state.withLock { $0.builds } }

    /// Begins with what does not depend on what the environment is.
    func begin(_ environment: String?, of repository: GitRepository, recordsIn records: GitRepository) {
        let local = EnvironmentSpec.standardLocal.name
        if let cache = CacheFolder.ofUser() {
            self.records.prepare(environment ?? local, of: records, in: cache)
            state.withLock { $0.builds = PreparedBuilds(of: repository, in: cache) }
        }
        if (environment ?? local) == local { beginListing() }
    }

    /// Begins with what an environment is known to need.
    func begin(_ environment: EnvironmentSpec) {
        if environment.target == .docker { beginListing() }
    }

    private func beginListing() {
        guard listsContainers,
            let address = try? EngineAddress.resolve(environment: ProcessInfo.processInfo.environment)
        else { return }
        state.withLock { state in
            guard state.containers == nil else { return }
            state.containers = Task.detached { try? await DockerEngine(EngineClient(address)).containers() }
        }
    }

    /// The containers of an engine: those that were asked for ahead, once; where that went wrong, or for a second look, it is
    /// asked now.
    func containers(of engine: DockerEngine) async throws(Failure) -> [ObservedContainer] {
        let begun = state.withLock { state in
            defer { state.containers = nil }
            return state.containers
        }
        if let listed = await begun?.value { return listed }
        return try await engine.containers()
    }
}
