/// The runs of one program among those of its peers.
struct Series {
    private(set) var costs: [Program.Cost] = []

    mutating func add(_ cost: Program.Cost) { costs.append(cost) }

    /// Medians are what one slow moment of the machine does not change.
    var seconds: Double { Self.median(costs.map(\.seconds)) }
    var processor: Double { Self.median(costs.map(\.processor)) }
    /// The largest of all runs, in bytes.
    var memory: Int { costs.map(\.memory).max() ?? 0 }

    private static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return .nan }
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
