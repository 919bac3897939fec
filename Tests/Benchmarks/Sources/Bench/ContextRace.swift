/// Build contexts as tar archives, by `pinion context` and by `git archive` of the same folder.
struct ContextRace {
    enum Entry: String, CaseIterable {
        case git = "git archive"
        case pinion = "pinion context"
    }

    private let name: String
    private let programs: [Entry: Program]
    private var series: [Entry: Series] = [:]

    /// Makes the repository in a folder that is the caller's to remove.
    init(_ context: GeneratedContext, in folder: String, with pinion: String) throws {
        name = "\(context.files) files of \(context.size / 1000) kB"
        let repository = "\(folder)/context-\(context.files).git"
        // In a program of its own: what is started begins with the memory of what starts it.
        try Program(
            CommandLine.arguments[0], ["--generate-context", "\(context.files)", "\(context.size)", repository]
        ).check()
        programs = [
            .git: Program(
                "git",
                ["-C", repository, "archive", "--output", "\(folder)/git.tar", "main:\(GeneratedContext.folder)"]),
            .pinion: Program(
                pinion, ["context", GeneratedContext.ref, "--repo", repository, "--output", "\(folder)/pinion.tar"]),
        ]
    }

    /// Runs both once, one after the other.
    mutating func run() throws {
        for entry in Entry.allCases {
            guard let program = programs[entry] else { continue }
            let cost = try program.run()
            guard cost.status == 0 else {
                throw Program.Failed(description: "'\(entry.rawValue)' ended with \(cost.status)")
            }
            series[entry, default: Series()].add(cost)
        }
    }

    /// The figures as Markdown.
    static func text(_ races: [ContextRace]) -> String {
        let runs = races.first?.series[.git]?.costs.count ?? 0
        var lines = [
            "| contexts, median of \(runs) | wall, ms | processor, ms | memory, MiB | : git archive |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for race in races {
            for entry in Entry.allCases {
                guard let series = race.series[entry], let git = race.series[.git] else { continue }
                lines.append(
                    "| \(race.name), \(entry.rawValue) | \(Int((series.seconds * 1000).rounded())) "
                        + "| \(Int((series.processor * 1000).rounded())) | \(series.memory >> 20) "
                        + "| \((series.seconds / git.seconds * 100).rounded() / 100) |")
            }
        }
        return lines.joined(separator: "\n")
    }
}
