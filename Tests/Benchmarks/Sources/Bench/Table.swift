/// The figures as Markdown.
struct Table {
    private let contests: [Contest]
    private let tools: Tools

    init(_ contests: [Contest], _ tools: Tools) {
        self.contests = contests
        self.tools = tools
    }

    var text: String {
        var lines: [String] = []
        for contest in contests { lines += figures(of: contest) + [""] }
        lines += ratios
        for (entry, reason) in tools.lacking.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            lines += ["", "Left out: \(entry.rawValue): \(reason)."]
        }
        return lines.joined(separator: "\n")
    }

    private func figures(of contest: Contest) -> [String] {
        let runs = contest.series.values.map(\.costs.count).max() ?? 0
        return [
            "| \(contest.processors) processors, median of \(runs) | wall, ms | processor, ms | memory, MiB |",
            "| --- | ---: | ---: | ---: |",
        ]
            + Contest.Entry.allCases.compactMap { entry in
                contest.series[entry].map {
                    "| \(entry.rawValue) | \(Self.number($0.seconds * 1000)) | \(Self.number($0.processor * 1000)) "
                        + "| \(Self.number(Double($0.memory) / 1_048_576)) |"
                }
            }
    }

    private var ratios: [String] {
        let rows: [(name: String, aim: String, value: (Contest) -> Double?)] = [
            ("cold : C program", "≤ 1.6", { Self.ratio($0, .cold, .c) }),
            ("Python : cold", "≥ 5", { Self.ratio($0, .python, .cold) }),
            ("cold : git alone", "", { Self.ratio($0, .cold, .git) }),
            ("warm : git alone", "≤ 2", { Self.ratio($0, .warm, .git) }),
            ("one changed file, warm : (1.5 × diff-tree + start-up)", "≤ 1", { Self.changed($0, .changed) }),
            ("one changed file, cold : (1.5 × diff-tree + start-up)", "≤ 1", { Self.changed($0, .changedCold) }),
            ("largest memory, MiB", "< 200", { Self.memory($0) }),
        ]
        return [
            "| ratio | aim | " + contests.map { "\($0.processors)" }.joined(separator: " | ") + " |",
            "| --- | --- |" + contests.map { _ in " ---: |" }.joined(),
        ]
            + rows.map { row in
                let values = contests.map { row.value($0).map(Self.number) ?? "–" }
                return "| \(row.name) | \(row.aim) | \(values.joined(separator: " | ")) |"
            }
    }

    private static func ratio(_ contest: Contest, _ one: Contest.Entry, _ other: Contest.Entry) -> Double? {
        guard let one = contest.series[one], let other = contest.series[other] else { return nil }
        return one.seconds / other.seconds
    }

    private static func changed(_ contest: Contest, _ entry: Contest.Entry) -> Double? {
        guard let changed = contest.series[entry], let diff = contest.series[.diff],
            let start = contest.series[.start]
        else { return nil }
        return changed.seconds / (1.5 * diff.seconds + start.seconds)
    }

    private static func memory(_ contest: Contest) -> Double? {
        let own: [Contest.Entry] = [.cold, .warm, .changed, .changedCold]
        return own.compactMap { contest.series[$0].map { Double($0.memory) / 1_048_576 } }.max()
    }

    /// With about three digits.
    private static func number(_ value: Double) -> String {
        if value >= 100 { return "\(Int(value.rounded()))" }
        let scale = value >= 10 ? 10.0 : 100.0
        return "\((value * scale).rounded() / scale)"
    }
}
