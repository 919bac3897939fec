import Reconciliation
package import TestSupport

/// The engine in a simulated world: a registry that people change, drift, faults, runs side by side, and kills between any two
/// effects, all decided by a seed. After every step the invariants are looked at; at the end faults stop, and everything
/// has to be as it should be.
package struct Simulation {
    /// What was found: which rule, in words.
    package struct Violation: Error, CustomStringConvertible {
        package let seed: UInt64
        package let step: Int
        package let rule: String
        package let history: [String]

        package var description: String {
            "seed \(seed), step \(step): \(rule)\n" + history.map { "    \($0)" }.joined(separator: "\n")
        }
    }

    static let canary = "canary-2b61d7"

    private let seed: UInt64
    private let steps: Int
    private let planted: Set<PlantedFault>

    /// - Parameters:
    ///   - steps: how many things happen at most.
    ///   - planted: faults of Pinion that have to be found.
    package init(seed: UInt64, steps: Int = 24, planted: Set<PlantedFault> = []) {
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
                for step in 0..<steps {
                    outcome.step = step
                    try await play.step()
                }
                outcome.step = steps
                try await play.settle()
            } catch {
                outcome.violation = Violation(
                    seed: seed, step: outcome.step, rule: error.rule, history: play.history)
            }
        }
        return outcome.violation
    }

    /// The fewest steps after which the same seed breaks a rule.
    package func shrunk() -> Violation? {
        for steps in 1...max(1, steps) {
            if let violation = Simulation(seed: seed, steps: steps, planted: planted).run() { return violation }
        }
        return nil
    }
}

/// A rule that does not hold.
struct RuleBroken: Error { let rule: String }

/// Written by the one thread of a simulation, and read after it.
private final class Outcome: @unchecked Sendable {
    var step = 0
    var violation: Simulation.Violation?
}
