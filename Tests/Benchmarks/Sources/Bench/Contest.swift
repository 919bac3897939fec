/// Everything that is measured on one registry.
struct Contest {
    /// What runs, in the order of the table.
    enum Entry: String, CaseIterable {
        case git = "git ls-tree -r, git cat-file --batch"
        case c = "C: libgit2, libyaml's events, one thread"
        case python = "Python: git, PyYAML's C loader"
        case cold = "pinion validate, cold"
        case warm = "pinion validate, warm"
        case diff = "git diff-tree HEAD~1 HEAD"
        case start = "pinion validate, a registry of one"
        case changed = "pinion validate --base HEAD~1, warm"
        case changedCold = "pinion validate --base HEAD~1, cold"
    }

    let processors: Int
    private(set) var series: [Entry: Series] = [:]

    private let repository: String
    private let single: String
    private let folder: String
    private let tools: Tools

    /// Makes the registry in a folder that is the caller's to remove.
    init(processors: Int, in folder: String, with tools: Tools) throws {
        self.processors = processors
        self.folder = folder
        self.tools = tools
        repository = "\(folder)/registry-\(processors).git"
        single = "\(folder)/registry-1.git"
        // In programs of their own: a program that is started begins with the memory of the one that starts it, as far as
        // the system's account of its peak goes.
        for (size, path) in [(processors, repository), (1, single)] where !Program("test", ["-d", path]).isThere {
            try Program(CommandLine.arguments[0], ["--generate", "\(size)", path]).check()
        }
        try Program(
            "sh",
            [
                "-c",
                """
                git -C "$0" ls-tree -r HEAD | awk '$4 ~ /(^registry\\/.*[.]yaml|\\/registry[.]yaml)$/ {print $3}' > "$1"
                """, repository, "\(folder)/wanted",
            ]
        ).check()
        // A cache that knows all but what the last commit changed, and one that knows everything.
        try pinion(["--rev", "HEAD~1"], cache: "\(folder)/before").check()
        try pinion(cache: "\(folder)/full").check()
    }

    /// Runs everything once, one after the other.
    mutating func run() throws {
        for entry in Entry.allCases where tools.has(entry) {
            let cost = try program(for: entry).run()
            guard cost.status == 0 else {
                throw Program.Failed(description: "'\(entry.rawValue)' ended with \(cost.status)")
            }
            series[entry, default: Series()].add(cost)
        }
    }

    private func program(for entry: Entry) throws -> Program {
        let cache = "\(folder)/cache"
        try Program("rm", ["-rf", cache]).check()
        switch entry {
        case .git:
            return Program(
                "sh",
                [
                    "-c", #"git -C "$0" ls-tree -r HEAD > /dev/null && exec git -C "$0" cat-file --batch < "$1""#,
                    repository, "\(folder)/wanted",
                ])
        case .c: return Program(tools.eventsPeer, [repository])
        case .python: return Program("python3", [tools.pythonPeer, repository])
        case .cold: return pinion(cache: cache)
        case .warm: return pinion(cache: "\(folder)/full")
        case .diff: return Program("git", ["-C", repository, "diff-tree", "-r", "HEAD~1", "HEAD"])
        case .start: return pinion(on: single, cache: cache)
        case .changed:
            if Program("test", ["-d", "\(folder)/before"]).isThere {
                try Program("cp", ["-a", "\(folder)/before", cache]).check()
            }
            return pinion(["--base", "HEAD~1"], cache: cache)
        case .changedCold: return pinion(["--base", "HEAD~1"], cache: cache)
        }
    }

    private func pinion(_ options: [String] = [], on path: String? = nil, cache: String) -> Program {
        Program(
            tools.pinion, ["validate", "--repo", path ?? repository] + options,
            environment: ["XDG_CACHE_HOME=\(cache)", "GITHUB_ACTIONS="])
    }
}
