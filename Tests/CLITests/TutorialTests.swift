import DeploymentModel
import Docker
import FoundationEssentials
import TestSupport
import Testing

/// The tutorial, typed as it stands, by a reader with a Docker engine and an OCI registry.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct TutorialTests {
    /// A command of the tutorial, and what it shows of its output.
    struct Step {
        var command: String
        var shown: [String] = []
    }

    @Test func `each step of the tutorial works, and prints what the page shows`() async throws {
        let namespace = "t" + String(UInt32.random(in: .min ... .max), radix: 16)
        let steps = try steps(in: namespace)
        #expect(steps.count > 20)
        let result: Result<Void, any Error>
        do { result = .success(try await type(steps)) } catch { result = .failure(error) }
        for container in try await Sample.engine().containers() where container.ref.namespace == namespace {
            try? await Sample.engine().remove(container.id, graceSeconds: 1)
        }
        let images = try await Pinion.run(
            "docker", ["image", "ls", "-q", "--filter", "reference=\(Components.registry)/\(namespace)/*"])
        let ids = images.stdout.split(separator: "\n").map(String.init)
        if !ids.isEmpty { _ = try await Pinion.run("docker", ["image", "rm", "--force"] + ids) }
        try result.get()
    }

    /// The page's `console` blocks, in a namespace and with an OCI registry of their own. Docker Hub is not for tests: the
    /// seed images take its place.
    private func steps(in namespace: String) throws -> [Step] {
        var steps: [Step] = []
        var document: String?
        for line in try Page("Sources/CLI/CLI.docc/Tutorial.md").blocks.filter({ $0.language == "console" })
            .flatMap(\.lines)
        {
            let line = line.replacing("guide", with: namespace).replacing("127.0.0.1:5075", with: Components.registry)
            if let end = document {
                steps[steps.count - 1].command += "\n" + line
                if line == end { document = nil }
            } else if line.hasPrefix("$ ") {
                var command = String(line.dropFirst(2))
                if command.hasPrefix("pinion new ") {
                    let images = "\(Components.registry)/pinion"
                    command += " --base \(images)/python:3 --wheels \(images)/wheels-websockets:3"
                }
                steps.append(Step(command: command))
                if command.hasSuffix("<<END") { document = "END" }
            } else {
                steps[steps.count - 1].shown.append(line)
            }
        }
        return steps
    }

    private func type(_ steps: [Step]) async throws {
        let home = try TemporaryFolder()
        var folder = home.path + "/work"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let variables: [String: String?] = [
            "PATH": Pinion.products + ":" + path, "XDG_CACHE_HOME": home.path + "/cache",
            "XDG_DATA_HOME": home.path + "/data", "XDG_STATE_HOME": home.path + "/state",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
        ]
        for step in steps {
            // One stream, as on a terminal; and 'cd' holds for the steps that follow.
            let script = "exec 2>&1\n\(step.command)\npwd > \(home.path)/folder\n"
            let run = try await Pinion.run("sh", ["-e", "-c", script], in: folder, environment: variables)
            try #require(run.exitCode == 0, "\(step.command)\n\(run.stdout)")
            folder = try String(contentsOfFile: home.path + "/folder", encoding: .utf8).replacing("\n", with: "")
            let lines = run.stdout.split(separator: "\n").map { steady(String($0)) }
            for shown in step.shown.map(steady) where !shown.isEmpty && shown != "…" {
                #expect(lines.contains { fits(shown, $0) }, "\(step.command)\nprints no '\(shown)', but\n\(run.stdout)")
            }
        }
    }

    /// A line without what differs from run to run: digests, commits and ids, times, durations, ports, and the width of columns.
    private func steady(_ line: String) -> String {
        line.replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, with: "#")
            .replacing(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, with: "#")
            .replacing(/\b[0-9a-f]{7,64}\b/, with: "#")
            .replacing(/\b\d+(\.\d+)? ?m?s\b/, with: "#")
            .replacing(/127\.0\.0\.1:\d+/, with: "#")
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Whether a line is what the page shows, where `…` stands for anything.
    private func fits(_ shown: String, _ line: String) -> Bool {
        let parts = shown.split(separator: "…", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return shown == line }
        guard line.hasPrefix(parts[0]) else { return false }
        var rest = line.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
