/// Digests that are asked for at an OCI registry 50 ms away, by three programs, so many at a time.
struct FarRegistry {
    enum Entry: String, CaseIterable {
        case pinion = "pinion verify-pins"
        case curl = "curl --parallel --parallel-immediate, the manifests alone"
        case skopeo = "xargs -P, skopeo inspect --raw, the manifests alone"
    }

    /// As many as `pinion verify-pins` has under way.
    private static let width = 16
    /// There and back, in seconds.
    private static let roundTrip = 0.05
    private static let type = "application/vnd.oci.image.manifest.v1+json"

    private var series: [Entry: Series] = [:]
    private let count: Int
    private let programs: [Entry: Program]

    /// Makes a git repository with two of the digests as pins of each processor.
    ///
    /// - Parameters:
    ///   - repository: by way of the slow road, `127.0.0.1:PORT/PATH`.
    ///   - folder: the caller's to remove.
    init(repository: String, digests: [String], in folder: String, with pinion: String) throws {
        count = digests.count
        let git = folder + "/pinned.git"
        try Program("git", ["init", "--quiet", "--bare", "--initial-branch=main", git]).check()
        let history = folder + "/history"
        try TextFile.write(Self.history(repository, digests), to: history)
        try Program("git", ["-C", git, "fast-import", "--quiet"], input: history).check()

        let slash = repository.firstIndex(of: "/") ?? repository.endIndex
        let address = "http://\(repository[..<slash])/v2\(repository[slash...])/manifests/"
        let urls = folder + "/urls"
        try TextFile.write(
            digests.map { "url = \(address)\($0)\noutput = /dev/null\n" }.joined(), to: urls)
        let images = folder + "/images"
        try TextFile.write(digests.map { "docker://\(repository)@\($0)\n" }.joined(), to: images)
        var programs: [Entry: Program] = [.pinion: Program(pinion, ["verify-pins", "--repo", git])]
        if Program("curl", ["--version"]).isThere {
            programs[.curl] = Program(
                "curl",
                [
                    "--silent", "--fail", "--parallel", "--parallel-immediate", "--parallel-max", "\(Self.width)",
                    "--header", "Accept: \(Self.type)", "--config", urls,
                ])
        }
        if Program("skopeo", ["--version"]).isThere {
            programs[.skopeo] = Program(
                "xargs", ["-P", "\(Self.width)", "-n", "1", "skopeo", "inspect", "--raw", "--tls-verify=false"],
                input: images)
        }
        self.programs = programs
    }

    /// Runs everything once, one after the other.
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
    var text: String {
        let least = least
        let runs = series[.pinion]?.costs.count ?? 0
        let rows = Entry.allCases.map { entry in
            guard let series = series[entry] else { return "| \(entry.rawValue) | not here | | |" }
            return "| \(entry.rawValue) | \(Self.milliseconds(series.seconds)) | "
                + "\(Self.ratio(series.seconds / least)) | \(Self.milliseconds(series.processor)) |"
        }
        return """
            | \(count) digests, 50 ms away, \(Self.width) at a time, median of \(runs) | wall, ms | : round trips | \
            processor, ms |
            | --- | ---: | ---: | ---: |
            | the round trips alone | \(Self.milliseconds(least)) | 1 | |
            \(rows.joined(separator: "\n"))
            """
    }

    /// What the way takes, whoever goes it: the connections once, then the requests by the width.
    private var least: Double {
        Self.roundTrip * Double(1 + (count + Self.width - 1) / Self.width)
    }

    private static func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded()))" }

    private static func ratio(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

    private static func history(_ repository: String, _ digests: [String]) -> String {
        var stream = "commit refs/heads/main\ncommitter Generator <bench@localhost> 1700000000 +0000\n"
        stream += "data 4\nPins\n"
        for number in stride(from: 0, to: digests.count - 1, by: 2) {
            let spec = """
                ref: far/p\(number)@1
                image:
                  platforms:
                    amd64: \(repository)@\(digests[number])
                    arm64: \(repository)@\(digests[number + 1])

                """
            stream += "M 100644 inline registry/processors/far_p\(number).yaml\ndata \(spec.utf8.count)\n\(spec)\n"
        }
        return stream
    }
}
