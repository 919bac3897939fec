package import DeploymentModel
import Git

/// Leases lie in the tree of the records that they guard: what is written under one is based on a commit that has it.
extension GitStateStore {
    package func acquire(
        _ refs: [ProcessorRef], environment: String, for holder: LeaseHolder, seconds: Int
    ) async throws(Failure) -> Lease {
        try await Self.failing {
            // What was seen last may be held by somebody who is done by now.
            try await refresh(environment)
            return try await retrying(Self.reference(of: environment)) { tip in
                let (leases, time) = (try await leases(of: environment, at: tip), Int(time()))
                let lease = try leases.acquired(refs, for: holder, seconds: seconds, at: time)
                let old = leases.old(at: time).filter { $0 != holder.run }
                return (lease, [try Self.change(lease)] + old.map { .remove(path: Self.path(ofLease: $0)) })
            } message: {
                "\(environment): lease of \(refs.count) for \(holder.holder)\n\nPinion-Run: \(holder.run)\n"
            }.value
        }
    }

    package func renew(_ lease: Lease, environment: String, seconds: Int) async throws(Failure) -> Lease {
        try await Self.failing {
            try await retrying(Self.reference(of: environment)) { tip in
                let renewed = try await leases(of: environment, at: tip)
                    .renewed(lease, seconds: seconds, at: Int(time()))
                return (renewed, [try Self.change(renewed)])
            } message: {
                "\(environment): lease renewed\n\nPinion-Run: \(lease.run)\n"
            }.value
        }
    }

    package func leases(of environment: String) async throws(Failure) -> [Lease] {
        try await Self.failing {
            try await refresh(environment)
            let tip = try await repository.target(of: Self.reference(of: environment))
            return try await leases(of: environment, at: tip).held(at: Int(time()))
        }
    }

    package func release(_ lease: Lease, environment: String) async throws(Failure) {
        try await Self.failing {
            _ = try await retrying(Self.reference(of: environment)) { tip in
                let over = try await leases(of: environment, at: tip).released(lease, at: Int(time()))
                return ((), try over.map { [try Self.change($0)] } ?? [])
            } message: {
                "\(environment): lease released\n\nPinion-Run: \(lease.run)\n"
            }
        }
    }

    /// All leases in the tree of a commit, over or not.
    func leases(of environment: String, at tip: ObjectID?) async throws -> Leases {
        guard let tip else { return Leases([], of: environment) }
        var leases: [Lease] = []
        for entry in try await repository.files(at: tip, under: "leases") {
            leases.append(try await decode(entry))
        }
        return Leases(leases, of: environment)
    }

    static func change(_ lease: Lease) throws -> TreeChange {
        .write(path: path(ofLease: lease.run), content: try encode(lease))
    }

    private static func path(ofLease run: String) -> String { "leases/\(run).json" }

    /// Sees what others did at the remote meanwhile. Those of `local` are never there.
    private func refresh(_ environment: String) async throws(GitError) {
        if environment != "local" { try await references.refresh() }
    }
}
