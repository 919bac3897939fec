/// A registry of so many processors with its history, as a bare repository that is packed as a clone is.
struct GeneratedRegistry {
    let processors: Int
    let path: String

    /// Commits that pin some processors anew, between the first commit and the last.
    private static let pinCommits = 20

    /// How many schemas of its own a registry has that reaches to this processor.
    static func schemas(of number: Int) -> Int { min(50, number / 100 + 1) }

    /// Makes it with `git fast-import` and packs it. The same number gives the same commit ids.
    func create() throws {
        try Program("git", ["init", "--quiet", "--bare", "--initial-branch=main", path]).check()
        let stream = path + ".stream"
        defer { TextFile.remove(stream) }
        try TextFile.write(history, to: stream)
        try Program("git", ["-C", path, "fast-import", "--quiet"], input: stream).check()
        try Program("git", ["-C", path, "repack", "-adfq"]).check()
        try Program("git", ["-C", path, "pack-refs", "--all"]).check()
    }

    /// What `git fast-import` reads. The last commit changes one spec.
    private var history: String {
        var stream = ""
        var all = (0..<processors).map { GeneratedProcessor(number: $0) }
        var random = SeededGenerator(seed: 1)
        commit("The registry", at: 0, supports + all.flatMap { $0.sources + [($0.path, $0.text)] }, &stream)
        for number in 1...Self.pinCommits {
            var files: [(path: String, text: String)] = []
            for _ in 0..<max(1, processors / 50) {
                let index = Int.random(in: 0..<processors, using: &random)
                all[index].revision += 1
                files.append((all[index].path, all[index].text))
            }
            commit("Pins, \(number)", at: number, files, &stream)
        }
        all[processors / 2].remark = "Nobody has asked for more yet."
        commit("A remark", at: 99, [(all[processors / 2].path, all[processors / 2].text)], &stream)
        return stream
    }

    private func commit(
        _ message: String, at hour: Int, _ files: [(path: String, text: String)], _ stream: inout String
    ) {
        stream += "commit refs/heads/main\ncommitter Generator <bench@localhost> \(1_700_000_000 + hour * 3600) +0000\n"
        stream += "data \(message.utf8.count)\n\(message)\n"
        for file in files {
            stream += "M 100644 inline \(file.path)\ndata \(file.text.utf8.count)\n\(file.text)\n"
        }
    }

    private var supports: [(path: String, text: String)] {
        let schemas = (0..<Self.schemas(of: processors)).map { number in
            (
                "registry/schemas/result.kind\(number).yaml",
                """
                # What a run of this kind leaves behind.
                id: result.kind\(number)@1
                schema:
                  type: object
                  required: [kind, items]
                  properties:
                    kind: {const: \(number)}
                    items: {type: array, items: {type: string, minLength: 1}, maxItems: \(number + 10)}
                    cost_usd_micro: {type: integer, minimum: 0}

                """
            )
        }
        let policy = """
            id: default@1
            budget: {max_usd_micro: 5000000}
            retry: {max_attempts: 3, backoff_ms: [100, 400]}
            leases: {default_ttl_s: 120}

            """
        return schemas + [("registry/policies/default.yaml", policy)]
    }
}
