import DeploymentModel
import Git
import Synchronization

/// The records that a run read last, with the commit that they were read at: a run that looks twice reads them once.
package final class SeenRecords: Sendable {
    private struct Last {
        let reference: String
        let tip: ObjectID
        let records: [ProcessorRef: RefRecord]
    }

    private let last = Mutex<Last?>(nil)

    package init() {}

    /// `nil` when the last ones were others.
    func records(of reference: String, at tip: ObjectID) -> [ProcessorRef: RefRecord]? {
        last.withLock { $0?.reference == reference && $0?.tip == tip ? $0?.records : nil }
    }

    func keep(_ records: [ProcessorRef: RefRecord], of reference: String, at tip: ObjectID) {
        last.withLock { $0 = Last(reference: reference, tip: tip, records: records) }
    }
}
