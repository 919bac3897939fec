package import DeploymentModel

/// What a run did: a fold over its events.
package struct RunReport: Hashable, Sendable, Codable {
    package enum Status: String, Hashable, Sendable, Codable {
        case changed, unchanged, failed
        /// Nothing of it was done, because something before it failed.
        case skipped
        /// The run was interrupted before it was done.
        case interrupted
    }

    package struct Entry: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        package var status: Status
        /// The steps that were finished, with what came of them.
        package var done: [String]
        package var failures: [Failure]
        package var skipped: [RunEvent.Step]
    }

    package let run: String
    package let environment: String
    package let commit: String
    package private(set) var entries: [Entry] = []
    /// Failures that belong to no single ref.
    package private(set) var failures: [Failure] = []
    /// What is odd but need not be wrong, each with its ref.
    package private(set) var warnings: [String] = []
    /// How often each step was finished.
    package private(set) var counts: [RunEvent.Step: Int] = [:]
    /// Seconds.
    package private(set) var duration: Double = 0

    package init(_ plan: Plan, run: String, events: [RunEvent]) {
        self.run = run
        environment = plan.environment
        commit = plan.commit
        var entries: [ProcessorRef: Entry] = [:]
        for ref in plan.unchanged {
            entries[ref] = Entry(ref: ref, status: .unchanged, done: [], failures: [], skipped: [])
        }
        for blocked in plan.blocked {
            entries[blocked.ref] = Entry(
                ref: blocked.ref, status: .failed, done: [], failures: [blocked.failure], skipped: [])
        }
        // What only has to be recorded has no steps of its own.
        for item in plan.items where item.steps.isEmpty {
            entries[item.ref] = Entry(ref: item.ref, status: .changed, done: [], failures: [], skipped: [])
        }
        for event in events {
            duration = max(duration, event.time)
            if case .finished = event.kind { counts[event.step, default: 0] += 1 }
            guard let ref = event.ref else {
                if case .failed(let failure) = event.kind { failures.append(failure) }
                continue
            }
            var entry = entries[ref] ?? Entry(ref: ref, status: .changed, done: [], failures: [], skipped: [])
            switch event.kind {
            case .finished(let text):
                let what = event.platform.map { "\(event.step.rawValue) \($0.oci)" } ?? event.step.rawValue
                entry.done.append("\(what): \(text)")
            case .failed(let failure):
                entry.status = .failed
                entry.failures.append(failure)
            case .skipped(let steps):
                entry.skipped += steps
                if entry.failures.isEmpty, entry.done.isEmpty { entry.status = .skipped }
            case .interrupted(let steps):
                entry.skipped += steps
                if entry.failures.isEmpty { entry.status = .interrupted }
            case .warning(let text): warnings.append("\(ref): \(text)")
            case .started, .log: break
            }
            entries[ref] = entry
        }
        self.entries = entries.values.sorted { $0.ref < $1.ref }
    }

    package var hasFailures: Bool {
        !failures.isEmpty || entries.contains { [.failed, .skipped, .interrupted].contains($0.status) }
    }

    /// Claims that all that failed did so because another run is at it.
    package var isRefused: Bool {
        hasFailures && !entries.contains { $0.status == .interrupted }
            && (failures + entries.flatMap(\.failures)).allSatisfy { $0.code == .lease }
    }
}

extension RunEvent.Step: CodingKeyRepresentable {}
