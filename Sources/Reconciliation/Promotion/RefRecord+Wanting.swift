package import DeploymentModel

extension Promotion.Item {
    /// What the target's record says from now on.
    ///
    /// - Parameter record: what it has said so far; `nil` for the first time.
    package func record(over record: RefRecord?) -> RefRecord {
        // What was tested on this host holds for the same bytes wherever they are deployed.
        let proven = evidence.filter { $0.adapter == "local" }
        let record = record ?? RefRecord(ref: ref, desired: revision, applied: nil, binding: nil, evidence: [])
        let kept = record.evidence.filter { old in !proven.contains { $0.isOfSameKind(as: old) } }
        return record.wanting(revision, hold: nil).proven(by: kept + proven)
    }
}

extension RefRecord {
    /// The record once its environment is rolled back; what it is rolled back from is kept away from then on.
    ///
    /// - Parameters:
    ///   - revision: what it is to run, out of its own past.
    ///   - person: who rolls it back.
    ///   - time: seconds since 1970.
    ///   - reason: why, for those who come later.
    package func rolledBack(
        to revision: Revision, by person: String, since time: Int, reason: String?
    ) -> RefRecord {
        wanting(revision, hold: Hold(from: hold?.from ?? desired, by: person, since: time, reason: reason))
    }
}
