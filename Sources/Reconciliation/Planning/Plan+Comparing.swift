package import DeploymentModel

extension Plan {
    /// An item of a saved plan whose facts are not what they were.
    package struct Stale: Hashable, Sendable, Codable {
        package let ref: ProcessorRef
        /// What is different, one clause each.
        package let changes: [String]

        /// As a refusal.
        package var failure: Failure {
            Failure(
                .predicate, "the plan of \(ref) is out of date: \(changes.joined(separator: "; "))",
                remedy: "Plan it again, or apply with --replan.")
        }
    }

    /// Holds a saved plan against one that was made now for the same commit: what still holds is to be applied just as it
    /// was shown, what was done meanwhile is left out, and the rest is stale.
    ///
    /// - Parameter replans: takes what is stale as it is planned now.
    package func applicable(now other: Plan, replans: Bool) -> (plan: Plan, stale: [Stale]) {
        let current = Dictionary(other.items.map { ($0.ref, $0) }) { first, _ in first }
        let failures = Dictionary(other.blocked.map { ($0.ref, $0.failure) }) { first, _ in first }
        var (kept, stale): ([PlanItem], [Stale]) = ([], [])
        for item in items {
            if let failure = failures[item.ref] {
                stale.append(Stale(ref: item.ref, changes: ["it can't be planned any more: \(failure.message)"]))
            } else if let now = current[item.ref] {
                let changes = item.changes(to: now)
                if changes.isEmpty || replans {
                    kept.append(now)
                } else {
                    stale.append(Stale(ref: item.ref, changes: changes))
                }
            }
        }
        var plan = other
        plan.items = kept
        let handled = Set(kept.map(\.ref) + stale.map(\.ref))
        plan.unchanged = (unchanged + items.map(\.ref)).filter { !handled.contains($0) }.sorted()
        return (plan, stale)
    }

    /// Claims that this file's form can be read.
    package var isKnownFormat: Bool { format == Plan.format }
}

extension PlanItem {
    /// The facts that are different now, so that what was shown is not what would be done.
    fileprivate func changes(to now: PlanItem) -> [String] {
        var changes: [String] = []
        func compare<Value: Equatable>(_ what: String, _ before: Value, _ after: Value) {
            if before != after { changes.append("\(what) changed") }
        }
        guard !now.isRest(of: self) else {
            // A run that was cut off has changed facts itself, as it was shown; what is left has to be about the same.
            compare("its spec", processor.unpinned, now.processor.unpinned)
            compare("its images", images, now.images.filter { images[$0.key] != nil })
            compare("what is recorded", [record.commit, record.specHash], [now.record.commit, now.record.specHash])
            compare("its rollback", record.hold, now.record.hold)
            compare("what was applied", record.previous?.applied, now.record.previous?.applied)
            let shown = remove.map(\.containerID)
            compare("what is removed", [], now.remove.map(\.containerID).filter { !shown.contains($0) })
            if now.deploy != nil {
                compare("what is deployed", deploy, now.deploy)
                compare("the containers that run", containers, now.containers)
            }
            return changes
        }
        compare("what has to be done", steps, now.steps)
        compare("its spec", processor, now.processor)
        compare("its images", images, now.images)
        compare("the images that give way", replaces, now.replaces)
        compare("how it is built", recipe, now.recipe)
        compare("its pins", pin, now.pin)
        compare("what is deployed", deploy, now.deploy)
        compare("what is rolled over", rollover, now.rollover)
        compare("the containers that run", containers, now.containers)
        compare("what is removed", remove, now.remove)
        compare("its record", record, now.record)
        return changes
    }

    /// Claims that it has the last steps of a longer one and no others.
    private func isRest(of other: PlanItem) -> Bool {
        steps.count < other.steps.count && steps == Array(other.steps.suffix(steps.count))
    }
}

extension Processor {
    /// The same as its spec has it, whatever it is pinned to.
    fileprivate var unpinned: Processor {
        var processor = self
        processor.pins = [:]
        return processor
    }
}
