import FoundationEssentials
import Simulation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Runs simulations: `simulate COUNT [BASE]`. The base seed is printed, so that every run can be had again; a seed that
/// breaks a rule is shrunk and printed with the command that replays it.
@main
struct Simulate {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) }
        guard let count = arguments.first ?? 1000, arguments.count < 2 || arguments[1] != nil else {
            print("usage: simulate COUNT [BASE]")
            exit(64)
        }
        let base = (arguments.count > 1 ? arguments[1] : nil) ?? UInt64.random(in: 0..<1 << 48)
        print("\(count) simulations from seed \(base)")
        let clock = ContinuousClock()
        let start = clock.now
        let width = UInt64(max(1, ProcessInfo.processInfo.activeProcessorCount))
        let broken = await withTaskGroup(of: [UInt64].self) { group in
            for part in 0..<width {
                group.addTask {
                    (0..<count).filter { $0 % width == part && Simulation(seed: base &+ $0).run() != nil }
                        .map { base &+ $0 }
                }
            }
            var broken: [UInt64] = []
            for await part in group { broken += part }
            return broken.sorted()
        }
        let seconds = (clock.now - start) / .seconds(1)
        for seed in broken.prefix(5) {
            print(Simulation(seed: seed).shrunk()?.description ?? "seed \(seed)")
            print("replay: make simulate SEEDS=1 BASE=\(seed)")
        }
        print("\(broken.count) of \(count) broke a rule; \(Int(Double(count) / seconds * 60)) a minute")
        if !broken.isEmpty { exit(1) }
    }
}
