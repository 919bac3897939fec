import Adapters
import DeploymentModel
import JSON
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Runs of a processor, all at once, whose tokens are counted.
struct TokenRuns {
    struct Cost {
        let tokens: Int
        let seconds: Double
        /// Of all threads.
        let processor: Double
    }

    let transport: any ProcessorTransport
    let port: Int
    let runs: Int
    let tokens: Int

    /// - Throws: when a run fails, or tokens are missing.
    func measure() async throws -> Cost {
        let endpoint = ProcessorEndpoint(origin: "http://127.0.0.1:\(port)", api: ProcessorAPI())
        let clock = ContinuousClock()
        let (start, before) = (clock.now, Self.processorTime)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<runs { group.addTask { try await self.run(number, endpoint) } }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        let wall = clock.now - start
        guard counts.allSatisfy({ $0 == tokens }) else {
            throw Failure(.badResponse, "a run of \(tokens) tokens had \(counts.min() ?? 0)")
        }
        return Cost(
            tokens: runs * tokens,
            seconds: Double(wall.components.seconds) + Double(wall.components.attoseconds) / 1e18,
            processor: Self.processorTime - before)
    }

    private func run(_ number: Int, _ endpoint: ProcessorEndpoint) async throws -> Int {
        let id = try ExecutionID("run-\(number)")
        let payload = RunPayload(
            executionID: id, mode: .mock, inputs: [:], writePrefix: try WritePrefix("/artifacts/bench/", for: id))
        let count = Atomic(0)
        _ = try await transport.run(payload, at: endpoint) { event in
            switch event {
            case .token(let text): if !text.isEmpty { count.add(1, ordering: .relaxed) }
            case .other(_, let content):
                if content["text"]?.stringValue?.isEmpty == false { count.add(1, ordering: .relaxed) }
            default: break
            }
        }
        return count.load(ordering: .relaxed)
    }

    private static var processorTime: Double {
        var usage = rusage()
        getrusage(0, &usage)  // RUSAGE_SELF, whose type is another on each system.
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }
}
