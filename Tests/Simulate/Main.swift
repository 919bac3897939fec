import FoundationEssentials
import Simulation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Runs simulations: `simulate COUNT [BASE [STEPS]]`. The base seed is printed, so that every run can be had again; a seed
/// that breaks a rule is shrunk to few steps and printed with the command that replays them.
@main
struct Simulate {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        let numbers = arguments.prefix(2).map { UInt64($0) }
        let steps = arguments.dropFirst(2).first?.split(separator: ",").map { Int($0) } ?? (0..<24).map { $0 }
        guard arguments.count <= 3, !numbers.contains(nil), !steps.contains(nil) else {
            print("usage: simulate COUNT [BASE [STEP,STEP…]]")
            exit(64)
        }
        let count = numbers.first.flatMap { $0 } ?? 1000
        let base = numbers.dropFirst().first.flatMap { $0 } ?? UInt64.random(in: 0..<1 << 48)
        let wanted = steps.compactMap { $0 }
        print("\(count) simulations from seed \(base)")
        let clock = ContinuousClock()
        let start = clock.now
        let width = UInt64(max(1, ProcessInfo.processInfo.activeProcessorCount))
        let broken = await withTaskGroup(of: [UInt64].self) { group in
            for part in 0..<width {
                group.addTask {
                    (0..<count).filter {
                        $0 % width == part && Simulation(seed: base &+ $0, steps: wanted).run() != nil
                    }
                    .map { base &+ $0 }
                }
            }
            var broken: [UInt64] = []
            for await part in group { broken += part }
            return broken.sorted()
        }
        let seconds = (clock.now - start) / .seconds(1)
        for seed in broken.prefix(5) {
            guard let violation = Simulation(seed: seed, steps: wanted).shrunk() else { continue }
            print(violation.description)
            print("replay: make simulate SEEDS=1 BASE=\(seed) STEPS=\(violation.stepList)")
        }
        print("\(broken.count) of \(count) broke a rule; \(Int(Double(count) / seconds * 60)) a minute")
        if !broken.isEmpty { exit(1) }
    }
}
