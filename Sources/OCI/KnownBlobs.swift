import DeploymentModel
import Synchronization

/// Blobs that an OCI registry was found to have, so that images which share layers cost one question for each.
package final class KnownBlobs: Sendable {
    private struct Key: Hashable {
        let repository: String
        let digest: Digest
    }

    private let keys = Mutex<Set<Key>>([])

    package init() {}

    func contains(_ digest: Digest, of repository: ImageReference) -> Bool {
        keys.withLock { $0.contains(Key(repository: repository.repository, digest: digest)) }
    }

    func insert(_ digest: Digest, of repository: ImageReference) {
        keys.withLock { _ = $0.insert(Key(repository: repository.repository, digest: digest)) }
    }
}
