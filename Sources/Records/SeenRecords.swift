package import ContentCache
import DeploymentModel
package import Git
import Synchronization

/// The records that a run read last, with the commit that they were read at: a run that looks twice reads them once.
package final class SeenRecords: Sendable {
    private struct Last {
        let reference: String
        let tip: ObjectID
        let records: [ProcessorRef: RefRecord]
    }

    private struct Kept {
        var records: [String: Task<KnownRecords<RefRecord>?, Never>] = [:]
        var builds: Task<KnownRecords<BuildRecord>?, Never>?
    }

    private let last = Mutex<Last?>(nil)
    private let kept = Mutex(Kept())

    package init() {}

    /// Begins to take up what the cache has of an environment's records and of builds, for whoever needs it in a while.
    package func prepare(_ environment: String, of repository: GitRepository, in cache: CacheFolder) {
        let reference = GitStateStore.reference(of: environment)
        kept.withLock { kept in
            kept.records[reference] = Task.detached { KnownRecords(of: reference, of: repository, in: cache) }
            kept.builds = Task.detached {
                KnownRecords(of: GitStateStore.buildsReference, of: repository, in: cache)
            }
        }
    }

    /// What the cache has of the records of a reference, once: they may be others the next time.
    func known(
        of reference: String, of repository: GitRepository, in cache: CacheFolder
    ) async -> KnownRecords<RefRecord>? {
        let prepared = kept.withLock { $0.records.removeValue(forKey: reference) }
        return if let prepared { await prepared.value } else { KnownRecords(of: reference, of: repository, in: cache) }
    }

    /// What the cache has of builds, once.
    func knownBuilds(of repository: GitRepository, in cache: CacheFolder) async -> KnownRecords<BuildRecord>? {
        let prepared = kept.withLock { kept in
            defer { kept.builds = nil }
            return kept.builds
        }
        guard let prepared else { return KnownRecords(of: GitStateStore.buildsReference, of: repository, in: cache) }
        return await prepared.value
    }

    /// `nil` when the last ones were others.
    func records(of reference: String, at tip: ObjectID) -> [ProcessorRef: RefRecord]? {
        last.withLock { $0?.reference == reference && $0?.tip == tip ? $0?.records : nil }
    }

    func keep(_ records: [ProcessorRef: RefRecord], of reference: String, at tip: ObjectID) {
        last.withLock { $0 = Last(reference: reference, tip: tip, records: records) }
    }
}
