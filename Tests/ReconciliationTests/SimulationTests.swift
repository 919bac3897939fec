import Simulation
import TestSupport
import Testing

/// The engine in simulated worlds; `make simulate` runs many more of them, with fresh seeds.
@Suite(.tags(.small))
struct SimulationTests {
    @Test func `no rule is broken, whatever happens`() {
        for seed in 0..<UInt64(100) {
            if let violation = Simulation(seed: seed).run() { Issue.record("\(violation)") }
        }
    }

    @Test func `the same seed gives the same history`() {
        let (one, two) = (
            Simulation(seed: 7, planted: [.pinOfOnePlatformFirst]).run(),
            Simulation(seed: 7, planted: [.pinOfOnePlatformFirst]).run()
        )
        #expect(one?.history == two?.history && one?.rule == two?.rule)
    }

    @Test(arguments: PlantedFault.allCases)
    func `a fault that is planted is found`(fault: PlantedFault) {
        let found = (0..<UInt64(2_000)).lazy.compactMap { Simulation(seed: $0, planted: [fault]).run() }.first
        #expect(found != nil)
    }

    @Test func `what is found is shrunk to the steps that it takes, and they find it again`() throws {
        let planted: Set<PlantedFault> = [.pinOfOnePlatformFirst]
        let found = try #require(
            (0..<UInt64(100)).lazy.compactMap { Simulation(seed: $0, planted: planted).run() }.first)
        let shrunk = try #require(Simulation(seed: found.seed, planted: planted).shrunk())
        #expect(shrunk.steps.count < found.steps.count && shrunk.rule.contains("half a pin"))
        #expect(Simulation(seed: found.seed, steps: shrunk.steps, planted: planted).run()?.rule == shrunk.rule)
    }
}
