package import DeploymentModel
import Git

/// Records of apps, whichever branch's or user's they are.
extension GitStateStore {
    /// Everything recorded of an environment: a ref is there as often as it has apps.
    package func allRecords(of environment: String) async throws(Failure) -> [RefRecord] {
        try await Self.failing {
            guard let tip = try await repository.target(of: Self.reference(of: environment)) else { return [] }
            let entries = try await repository.files(at: tip, under: "processors")
            return try zip(entries, try await repository.blobs(entries.map(\.id)[...], budget: .max)).map {
                try Self.decode($1, of: $0)
            }
        }
    }

    /// The refs that are recorded as these apps.
    package func refs(of apps: Set<String>, in environment: String) async throws(Failure) -> [String: ProcessorRef] {
        try await Self.failing {
            let tip = try await repository.target(of: Self.reference(of: environment))
            return Dictionary(try await places(of: apps, at: tip).map { ($0.app, $0.ref) }) { first, _ in first }
        }
    }

    /// Removes the records of these apps in one commit, and gives the lease back with it.
    ///
    /// - Returns: the commit, or `nil` when there was no such record.
    /// - Throws: `Failure` with `ERR_LEASE`, and nothing is written, when the lease was lost.
    package func forget(
        _ apps: Set<String>, environment: String, message: String, under lease: Lease
    ) async throws(Failure) -> String? {
        try await Self.failing {
            let (hasRecords, commit) = try await retrying(Self.reference(of: environment)) { tip in
                let leases = try await leases(of: environment, at: tip)
                try leases.check(lease)
                let places = try await places(of: apps, at: tip)
                let over = try leases.released(lease, at: Int(time())).map { [try Self.change($0)] } ?? []
                return (!places.isEmpty, places.map { .remove(path: $0.path) } + over)
            } message: {
                message
            }
            return hasRecords ? commit?.hex : nil
        }
    }

    private func places(
        of apps: Set<String>, at tip: ObjectID?
    ) async throws -> [(app: String, ref: ProcessorRef, path: String)] {
        guard let tip else { return [] }
        var found: [(String, ProcessorRef, String)] = []
        for entry in try await repository.files(at: tip, under: "processors") {
            let record: RefRecord = try await decode(entry)
            let named = apps.first { Self.path(of: record.ref, app: $0) == entry.path }
            let bound = entry.path == Self.path(of: record.ref) ? record.binding?.name : nil
            guard let app = named ?? bound, apps.contains(app) else { continue }
            found.append((app, record.ref, entry.path))
        }
        return found
    }
}
