import FoundationEssentials
import TestSupport
import Testing

@Suite(.tags(.medium))
struct ContextCommandTests {
    private static let folder = "registry/processors/text_stats"

    private static func files(_ more: [String: String] = [:]) -> [String: String] {
        [
            "\(folder)/registry.yaml": """
            ref: text/stats@1
            image: {platforms: {amd64: "sha256:pending", arm64: "sha256:pending"}}
            build: {context: .}
            """,
            "\(folder)/README.md": "x", "\(folder)/app/main.py": "print(1)\n",
            "\(folder)/Dockerfile": "FROM scratch\nCOPY app /app\n",
        ].merging(more) { $1 }
    }

    /// Names and modes as tar itself lists them.
    private func list(_ path: String) async throws -> [String] {
        let outcome = try await Pinion.run("tar", ["-tf", path])
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        return outcome.stdout.split(separator: "\n").map(String.init)
    }

    @Test func `the context is what a builder gets, the same bytes into a file and down a pipe`() async throws {
        let fixture = try await RepositoryFixture(Self.files())
        let folder = try TestSupport.TemporaryFolder()
        let (file, pipe) = (folder.path + "/file.tar", folder.path + "/pipe.tar")
        let command = ["context", "text/stats@1", "--repo", fixture.path]
        let written = try await Pinion.run(command + ["--output", file])
        #expect(written.exitCode == 0 && written.stdout.isEmpty, "\(written.stderr)")
        let shell = "\"$0\" \"$@\" | cat > '\(pipe)'"
        let piped = try await Pinion.run("sh", ["-c", shell, Pinion.program] + command)
        #expect(piped.exitCode == 0, "\(piped.stderr)")
        #expect(try await list(file) == ["Dockerfile", "app/", "app/main.py"])
        #expect(try Data(contentsOf: URL(filePath: file)) == Data(contentsOf: URL(filePath: pipe)))
    }

    @Test func `what is there for the builder alone is told`() async throws {
        let fixture = try await RepositoryFixture(
            Self.files([
                "\(Self.folder)/.dockerignore": "Dockerfile\n", "\(Self.folder)/Dockerfile": "FROM scratch\nCOPY . /\n",
            ]))
        let folder = try TestSupport.TemporaryFolder()
        let outcome = try await Pinion.run([
            "context", "text/stats@1", "--repo", fixture.path, "--output", folder.path + "/x.tar",
        ])
        #expect(outcome.exitCode == 0)
        #expect(outcome.stderr.contains("kept from the build: Dockerfile"), "\(outcome.stderr)")
    }

    @Test func `large files and a file that cannot be written`() async throws {
        let large = String(repeating: "0123456789abcdef", count: 200_000)
        let fixture = try await RepositoryFixture(
            Self.files(["\(Self.folder)/app/large.txt": large, "\(Self.folder)/app/zero.txt": ""]))
        let folder = try TestSupport.TemporaryFolder()
        let command = ["context", "text/stats@1", "--repo", fixture.path, "--output"]
        let outcome = try await Pinion.run(command + [folder.path + "/x.tar"])
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        let text = try await Pinion.run("tar", ["-xOf", folder.path + "/x.tar", "app/large.txt"]).stdout
        #expect(text == large)
        let refused = try await Pinion.run(command + ["/dev/full"])
        #expect(refused.exitCode == 1)
        #expect(refused.stderr.contains("cannot be written to /dev/full"), "\(refused.stderr)")
    }
}
