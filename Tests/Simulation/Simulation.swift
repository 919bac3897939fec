import Reconciliation
package import TestSupport

/// The engine in a simulated world: a registry that people change, drift, faults, runs side by side, promotions and
/// rollbacks, interruptions, and kills between any two effects, all decided by a seed. After every step the invariants are
/// looked at; at the end faults stop, and everything has to be as it should be.
package struct Simulation {
    /// What was found: which rule, in words.
    package struct Violation: Error, CustomStringConvertible {
        package let seed: UInt64
        /// The steps that happened, from 0.
        package let steps: [Int]
        package let rule: String
        package let history: [String]

        package var description: String {
            "seed \(seed), steps \(stepList): \(rule)\n" + history.map { "    \($0)" }.joined(separator: "\n")
        }

        /// As `make simulate` takes them.
        package var stepList: String { steps.map(String.init).joined(separator: ",") }
    }

    static let canary = "canary-2b61d7"

    private let seed: UInt64
    private let steps: [Int]
    private let planted: Set<PlantedFault>

    /// - Parameters:
    ///   - steps: which of the things that the seed has in store happen; default: the first 24.
    ///   - planted: faults of Pinion that have to be found.
    package init(seed: UInt64, steps: [Int] = Array(0..<24), planted: Set<PlantedFault> = []) {
        self.seed = seed
        self.steps = steps
        self.planted = planted
    }

    /// Runs it; `nil` when no rule was broken.
    package func run() -> Violation? {
        let outcome = Outcome()
        let (seed, steps, planted) = (seed, steps, planted)
        SerialTaskExecutor().run {
            var play = Play(seed: seed, planted: planted)
            do throws(RuleBroken) {
                for step in steps {
                    outcome.steps.append(step)
                    try await play.step(step)
                }
                try await play.settle()
            } catch {
                outcome.violation = Violation(
                    seed: seed, steps: outcome.steps, rule: error.rule, history: play.history)
            }
        }
        return outcome.violation
    }

    /// A run of the same seed that breaks a rule with as few steps as could be found: each one in turn is left out, and
    /// stays out when a rule is broken without it.
    package func shrunk() -> Violation? {
        guard var found = run() else { return nil }
        var index = found.steps.count - 1
        while index >= 0 {
            var fewer = found.steps
            if index < fewer.count {
                fewer.remove(at: index)
                if let violation = Simulation(seed: seed, steps: fewer, planted: planted).run() { found = violation }
            }
            index -= 1
        }
        return found
    }
}

/// A rule that does not hold.
struct RuleBroken: Error { let rule: String }

/// Written by the one thread of a simulation, and read after it.
private final class Outcome: @unchecked Sendable {
    var steps: [Int] = []
    var violation: Simulation.Violation?
}
