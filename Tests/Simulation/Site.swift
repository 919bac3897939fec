import Reconciliation
import TestSupport

/// One environment of the simulated world: its records and leases, what runs there, and what has to hold of it.
struct Site: Sendable {
    let name: String
    let world = SimulatedWorld()
    let modal = SimulatedModal()
    let rules: Rules

    init(_ name: String) {
        self.name = name
        rules = Rules(name, world, modal)
    }
}
