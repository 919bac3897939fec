import DeploymentModel
import Reconciliation

/// What of an environment a run has for itself.
struct LeasedRecords: Sendable {
    let records: [ProcessorRef: RefRecord]
    /// Why others can't be had.
    let refused: [ProcessorRef: Failure]

    /// The records, where every ref could be had.
    ///
    /// - Throws: `Failure` with `ERR_LEASE` that tells who holds the first that could not.
    func all() throws(Failure) -> [ProcessorRef: RefRecord] {
        if let first = refused.min(by: { $0.key < $1.key }) { throw first.value }
        return records
    }
}

extension Session {
    /// Changes records outside of a plan, under a lease of them. They are read under it too: what another run recorded
    /// before is seen, and nothing of it is lost.
    ///
    /// - Parameters:
    ///   - what: what the commit says was done with the refs that were changed.
    ///   - more: what it says after their names.
    ///   - change: what to write instead of the records that could be had; it may take long.
    /// - Throws: what `change` throws; `Failure` with `ERR_LEASE`, and nothing is written, when the lease is lost meanwhile.
    func changing(
        _ refs: [ProcessorRef], what: String, more: String = "",
        _ change: (LeasedRecords) async throws(Failure) -> [RefRecord]
    ) async throws(Failure) {
        let life = signOfLife
        defer { withExtendedLifetime(life) {} }
        let (lease, refused) = try await lease(refs)
        guard let lease else {
            _ = try await change(LeasedRecords(records: [:], refused: refused))
            return
        }
        do throws(Failure) {
            let changed = await lease.keeping { () async -> Result<[RefRecord], Failure> in
                do throws(Failure) {
                    let records = try await records().filter { lease.lease.refs.contains($0.key) }
                    return .success(try await change(LeasedRecords(records: records, refused: refused)))
                } catch { return .failure(error) }
            }
            let written = try changed.get().sorted { $0.ref < $1.ref }
            let names = written.map(\.ref.description).joined(separator: ", ")
            // Gives the lease back too, whether anything changed or not.
            try await record(written, message: "\(environmentName): \(what) \(names)\(more)", under: lease.lease)
        } catch {
            // What is not given back runs out by itself.
            try? await lease.release()
            throw error
        }
    }
}
