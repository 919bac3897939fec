import FoundationEssentials
import JSON
import TestSupport
import Testing

@Suite(.tags(.medium))
struct KeyCommandTests {
    private static let folder = "registry/processors/text_stats"
    private static let ref = "text/stats@1"

    private static func spec(_ more: String = "", digest: String? = nil) -> String {
        let pin = digest.map { "x/y@sha256:" + String(repeating: $0, count: 64) } ?? "sha256:pending"
        return
            "ref: text/stats@1\nimage: {platforms: {amd64: \"\(pin)\", arm64: \"\(pin)\"}}\nbuild: {context: .\(more)}\n"
    }

    private static func files(_ more: [String: String] = [:]) -> [String: String] {
        [
            "\(folder)/registry.yaml": spec(), "\(folder)/README.md": "x", "\(folder)/app/main.py": "print(1)\n",
            "\(folder)/Dockerfile": "ARG TAG=3.12\nFROM python:$TAG\nCOPY app /app\n",
        ].merging(more) { $1 }
    }

    @Test func `explain-key lists the parts, for people and as JSON`() async throws {
        let fixture = try await RepositoryFixture(Self.files())
        let text = try await Pinion.run(["explain-key", Self.ref, "--repo", fixture.path])
        #expect(text.exitCode == 0, "\(text.stderr)")
        for part in [
            "linux/amd64 ", "linux/arm64 ", "python:$TAG → python:3.12  line 2, by tag", "1 of 3 files",
            "those that the Dockerfile takes", "  app/main.py",
        ] { #expect(text.stdout.contains(part), "\(part)\n\(text.stdout)") }
        #expect(!text.stdout.contains("README.md"))
        let json = try await Pinion.run([
            "explain-key", Self.ref, "--repo", fixture.path, "--platform", "arm64", "--json",
        ]).json()
        #expect(json["keys"]?.objectValue?.keys.sorted() == ["linux/arm64"])
        #expect(json["files"]?[0]?["path"]?.stringValue == "app/main.py")
    }

    @Test func `a Dockerfile that takes a catalog file is refused`() async throws {
        let fixture = try await RepositoryFixture(
            Self.files(["\(Self.folder)/Dockerfile": "FROM python\nCOPY registry.yaml app /app/\n"]))
        let run = try await Pinion.run(["explain-key", Self.ref, "--repo", fixture.path])
        #expect(run.exitCode == 1)
        #expect(run.stderr.contains("ERR_SPEC"))
        #expect(run.stderr.contains("\(Self.folder)/Dockerfile:2"))
    }

    @Test func `a processor that is not there, or not built, is told`() async throws {
        let fixture = try await RepositoryFixture(
            Self.files(["registry/processors/a_b.yaml": "ref: a/b@1\nimage: {track: 'docker.io/library/x:1'}\n"]))
        for (ref, words) in [
            ("no/such@1", "there is no processor no/such@1"), ("a/b@1", "it tracks docker.io/library/x:1"),
        ] {
            let run = try await Pinion.run(["explain-key", ref, "--repo", fixture.path])
            #expect(run.exitCode == 1)
            #expect(run.stderr.contains(words), "\(run.stderr)")
        }
    }

    @Test func `why names what changed since the pin commit, and where`() async throws {
        let fixture = try await RepositoryFixture(Self.files())
        let keys = try await Pinion.run(["explain-key", Self.ref, "--repo", fixture.path, "--json"]).json()["keys"]
        let trailers = ["amd64", "arm64"].map { platform in
            "Pinion-Input-Key: linux/\(platform) \(keys?["linux/\(platform)"]?.stringValue ?? "")"
        }
        try await fixture.commit(
            ["\(Self.folder)/registry.yaml": Self.spec(digest: "a")],
            message: "pin: \(Self.ref)\n\nPinion-Ref: \(Self.ref)\n" + trailers.joined(separator: "\n") + "\n")
        let same = try await Pinion.run(["why", Self.ref, "--repo", fixture.path])
        #expect(same.exitCode == 0, "\(same.stderr)")
        #expect(same.stdout.contains("nothing, the same inputs"), "\(same.stdout)")

        try await fixture.commit(["\(Self.folder)/app/main.py": "print(2)\n"], message: "Say two")
        try await fixture.commit(
            ["\(Self.folder)/Dockerfile": "ARG TAG=3.13\nFROM python:$TAG\nCOPY app README.md /app\n"], message: "Newer"
        )
        try await fixture.commit(
            [
                "\(Self.folder)/registry.yaml": Self.spec(", args: {A: '1'}", digest: "a"),
                "\(Self.folder)/app/new.py": "",
            ],
            message: "Argue")
        let text = try await Pinion.run(["why", Self.ref, "--repo", fixture.path]).stdout
        let lines = text.split(separator: "\n").map(String.init)
        func line(_ start: String, _ end: String) -> Bool {
            lines.contains { $0.hasPrefix(start) && $0.hasSuffix(end) }
        }
        #expect(line("  ~ \(Self.folder)/app/main.py ", "Say two"), "\(text)")
        #expect(line("  + \(Self.folder)/app/new.py ", "Argue"), "\(text)")
        #expect(line("  - \(Self.folder)/Dockerfile:1  ARG TAG=3.12 ", "Newer"), "\(text)")
        #expect(line("  + \(Self.folder)/Dockerfile:1  ARG TAG=3.13 ", "Newer"), "\(text)")
        #expect(line("  + build.args.A none → 1 ", "Argue"), "\(text)")
        #expect(lines.contains("  + \(Self.folder)/README.md  (seen now, itself unchanged)"), "\(text)")
        let json = try await Pinion.run(["why", Self.ref, "--repo", fixture.path, "--json"]).json()
        #expect(json["changes"]?.arrayValue?.count == 8)
    }

    @Test func `without a record and a pin there is nothing to compare with`() async throws {
        let fixture = try await RepositoryFixture(Self.files())
        let run = try await Pinion.run(["why", Self.ref, "--repo", fixture.path])
        #expect(run.exitCode == 0)
        #expect(run.stdout.contains("nothing to compare with"))
    }
}
