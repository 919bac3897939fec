import FoundationEssentials

/// Who wants to be alone with some refs of an environment.
package struct LeaseHolder: Hashable, Sendable {
    /// The name of the person or the job, as git has it.
    package let holder: String
    /// The name of the machine.
    package let host: String
    /// The id of the run; it names the lease.
    package let run: String

    package init(holder: String, host: String, run: String) {
        self.holder = holder
        self.host = host
        self.run = run
    }
}

/// The right of one run to change some refs of an environment, for a while.
/// Kept in `leases/<run>.json` on `refs/pinion/env/<env>`, beside the records that it guards.
package struct Lease: Hashable, Sendable, Codable {
    package let run: String
    package let holder: String
    package let host: String
    /// Sorted.
    package let refs: [ProcessorRef]
    /// Greater than that of every lease before it in this environment.
    package let epoch: Int
    /// Seconds since 1970; from then on anybody may take the refs.
    package let expiresAt: Int

    package init(_ refs: [ProcessorRef], for holder: LeaseHolder, epoch: Int, expiresAt: Int) {
        run = holder.run
        self.holder = holder.holder
        host = holder.host
        self.refs = Set(refs).sorted()
        self.epoch = epoch
        self.expiresAt = expiresAt
    }

    /// Claims that it holds nothing any more.
    package func isOver(at time: Int) -> Bool { expiresAt <= time }

    package func overlaps(_ other: Lease) -> Bool { !Set(refs).isDisjoint(with: other.refs) }

    /// The end, in UTC: `2026-01-31T12:00:00Z`.
    package var end: String { Date(timeIntervalSince1970: Double(expiresAt)).formatted(.iso8601) }

    /// Why some refs that it holds can't be had.
    ///
    /// - Parameter refs: those that are wanted.
    package func refusal(of refs: [ProcessorRef], in environment: String) -> Failure {
        let held = Set(refs).intersection(self.refs).sorted().map(\.description).joined(separator: ", ")
        return Failure(
            .lease, "\(held) in '\(environment)': held by \(holder) on \(host), run \(run), until \(end)",
            remedy: "Wait for that run. If it is gone: pinion lease release --env \(environment) --run \(run)")
    }

    fileprivate func moved(to epoch: Int? = nil, until end: Int) -> Lease {
        Lease(
            refs, for: LeaseHolder(holder: holder, host: host, run: run), epoch: epoch ?? self.epoch, expiresAt: end)
    }
}

/// The leases of one environment, and the rules of taking, keeping and losing them. Whoever stores them applies these
/// rules to what it read, and writes the outcome only if nobody wrote in between.
package struct Leases: Sendable {
    /// By run.
    private let leases: [String: Lease]
    private let environment: String

    /// - Parameter leases: all that are stored, over or not.
    package init(_ leases: [Lease], of environment: String) {
        self.leases = Dictionary(leases.map { ($0.run, $0) }) { first, _ in first }
        self.environment = environment
    }

    /// Those that hold refs at a time, by run.
    package func held(at time: Int) -> [Lease] {
        leases.values.filter { !$0.isOver(at: time) }.sorted { $0.run < $1.run }
    }

    /// A new lease. One that the same run has already ends with it.
    ///
    /// - Throws: `Failure` with `ERR_LEASE` when another run holds one of the refs.
    package func acquired(
        _ refs: [ProcessorRef], for holder: LeaseHolder, seconds: Int, at time: Int
    ) throws(Failure) -> Lease {
        let lease = Lease(refs, for: holder, epoch: nextEpoch, expiresAt: time + seconds)
        for other in held(at: time) where other.run != holder.run && other.overlaps(lease) {
            throw other.refusal(of: refs, in: environment)
        }
        return lease
    }

    /// The same lease with a later end.
    ///
    /// - Throws: as `check`.
    package func renewed(_ lease: Lease, seconds: Int, at time: Int) throws(Failure) -> Lease {
        let kept = try check(lease)
        return kept.moved(until: max(kept.expiresAt, time + seconds))
    }

    /// The lease as it is to be stored once it is given back; `nil` when it is lost, so that there is nothing to give.
    /// Its new epoch tells a holder that does not know of it.
    package func released(_ lease: Lease, at time: Int) -> Lease? {
        guard let kept = try? check(lease) else { return nil }
        return kept.moved(to: nextEpoch, until: min(kept.expiresAt, time))
    }

    /// The lease as it is stored. An end that has passed loses nothing while nobody else took the refs.
    ///
    /// - Throws: `Failure` with `ERR_LEASE` when it was released, or somebody else took one of its refs after it.
    @discardableResult
    package func check(_ lease: Lease) throws(Failure) -> Lease {
        let later = leases.values.filter { $0.run != lease.run && $0.epoch > lease.epoch && $0.overlaps(lease) }
        if let taker = later.max(by: { $0.epoch < $1.epoch }) {
            throw Failure(
                .lease,
                "the lease of run \(lease.run) on '\(environment)' is lost: it ran out, and \(taker.holder) on \(taker.host), "
                    + "run \(taker.run), took \(Set(taker.refs).intersection(lease.refs).sorted().map(\.description).joined(separator: ", "))",
                remedy: "Run it again: it looks at what the other one did first.")
        }
        guard let kept = leases[lease.run], kept.epoch == lease.epoch else {
            throw Failure(
                .lease, "the lease of run \(lease.run) on '\(environment)' is lost: it was released",
                remedy: "Run it again: it looks at the environment anew.")
        }
        return kept
    }

    /// The runs whose leases are of no more use: over for a day. Never the one of the greatest epoch, so that epochs grow.
    package func old(at time: Int) -> [String] {
        leases.values.filter { $0.isOver(at: time - 86_400) && $0.epoch + 1 < nextEpoch }.map(\.run).sorted()
    }

    private var nextEpoch: Int { (leases.values.map(\.epoch).max() ?? 0) + 1 }
}
