/// Measures `pinion validate` beside its peers, run by run in turn, and prints the figures as Markdown.
@main
struct Bench {
    static let usage = """
        usage: pinion-bench PINION PEERS [SIZE...]
               pinion-bench --generate SIZE REPOSITORY
               pinion-bench --registry PINION REPOSITORY DIGESTS
               pinion-bench --contexts PINION

        With --registry, verify-pins is measured on an OCI registry that is 50 ms away (Peers/far_registry.py); with
        --contexts, build contexts beside git archive.

        PINION    the program to measure, a release build
        PEERS     the folder of the peers' scripts
        SIZE      how many processors a registry has (default: 100 1000 10000)
        """

    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.count == 3, arguments[0] == "--generate", let size = Int(arguments[1]), size > 0 {
            return try GeneratedRegistry(processors: size, path: arguments[2]).create()
        }
        if arguments.count == 4, arguments[0] == "--generate-context", let files = Int(arguments[1]),
            let size = Int(arguments[2])
        {
            return try GeneratedContext(files: files, size: size).create(at: arguments[3])
        }
        if arguments.count == 2, arguments[0] == "--contexts" { return try contexts(pinion: arguments[1]) }
        if arguments.count == 4, arguments[0] == "--registry" {
            return try farRegistry(pinion: arguments[1], repository: arguments[2], digests: arguments[3])
        }
        let sizes = arguments.dropFirst(2).map { Int($0) ?? 0 }
        guard arguments.count >= 2, sizes.allSatisfy({ $0 > 0 }) else {
            throw Program.Failed(description: "\n" + usage)
        }
        let executables = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false)
        let tools = try Tools(
            pinion: arguments[0], peers: arguments[1], executables: executables.dropLast().joined(separator: "/"))
        var contests: [Contest] = []
        for size in sizes.isEmpty ? [100, 1000, 10_000] : sizes {
            contests.append(try contest(of: size, tools))
        }
        print(Table(contests, tools).text)
    }

    private static func farRegistry(pinion: String, repository: String, digests: String) throws {
        let folder = try TextFile.temporaryFolder()
        defer { _ = try? Program("rm", ["-rf", folder]).run() }
        var contest = try FarRegistry(
            repository: repository, digests: TextFile.lines(of: digests), in: folder, with: pinion)
        for _ in 0..<7 { try contest.run() }
        print(contest.text)
    }

    private static func contexts(pinion: String) throws {
        let folder = try TextFile.temporaryFolder()
        defer { _ = try? Program("rm", ["-rf", folder]).run() }
        let contexts = [GeneratedContext(files: 2000, size: 100_000), GeneratedContext(files: 4, size: 50_000_000)]
        var races = try contexts.map { try ContextRace($0, in: folder, with: pinion) }
        for _ in 0..<9 {
            for index in races.indices { try races[index].run() }
        }
        print(ContextRace.text(races))
    }

    private static func contest(of size: Int, _ tools: Tools) throws -> Contest {
        let folder = try TextFile.temporaryFolder()
        defer { _ = try? Program("rm", ["-rf", folder]).run() }
        var contest = try Contest(processors: size, in: folder, with: tools)
        // Small registries are over before the machine has settled.
        for _ in 0..<(size <= 1000 ? 15 : 7) { try contest.run() }
        return contest
    }
}
