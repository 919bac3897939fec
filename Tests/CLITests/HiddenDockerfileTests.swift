import Docker
import FoundationEssentials
import JSON
import TestSupport
import Testing

/// A Dockerfile that an ignore file excludes, built by a real engine with `COPY .`: Docker reads it and copies it nowhere.
@Suite(.tags(.large), .enabled(if: Components.areThere), .timeLimit(.minutes(5)))
struct HiddenDockerfileTests {
    private static let folder = "registry/processors/NS_hidden"

    private static func files(_ more: [String: String]) -> [String: String] {
        var files = RemoteJobs.processor("hidden", lines: "COPY . /context/")
        files["\(folder)/lib/a.txt"] = "NS"
        for (path, text) in more { files["\(folder)/\(path)"] = text }
        return files
    }

    /// What an image of the engine has below `/context`.
    private func copied(_ image: String) async throws -> [String] {
        let folder = try TestSupport.TemporaryFolder()
        let id = try await Pinion.run("docker", ["create", image]).stdout.trimmed
        let export = try await Pinion.run("docker", ["export", "--output", "\(folder.path)/files.tar", id])
        _ = try await Pinion.run("docker", ["rm", id])
        #expect(export.exitCode == 0, "\(export.stderr)")
        let list = try await Pinion.run("tar", ["-tf", "\(folder.path)/files.tar"])
        return list.stdout.split(separator: "\n").filter { $0.hasPrefix("context/") && !$0.hasSuffix("/") }
            .map { String($0.dropFirst("context/".count)) }.sorted()
    }

    private func build(_ sample: Sample, environment: [String: String?] = [:]) async throws -> [String] {
        let run = try await Pinion.run(
            ["build", "\(sample.namespace)/hidden@1", "--repo", sample.path, "--json"], environment: environment)
        try #require(run.exitCode == 0, "\(run.stderr)")
        let image = try #require(try run.json()[0]?["image"]?.stringValue)
        let files = try await copied(image)
        _ = try await Pinion.run("docker", ["rmi", "--force", image])
        return files
    }

    @Test(arguments: [
        ([".dockerignore": "Dockerfile\n"], [".dockerignore", "lib/a.txt", "server.py"]),
        ([".dockerignore": "Dockerfile\n.dockerignore\n"], ["lib/a.txt", "server.py"]),
        (
            ["Dockerfile.dockerignore": "Dockerfile*\n", ".dockerignore": "lib\n"],
            [".dockerignore", "lib/a.txt", "server.py"]
        ),
    ])
    func `buildx reads it, and the image has not got it`(files: [String: String], expected: [String]) async throws {
        guard try await BuilderChoice.find(Sample.engine().client) == .buildx else {
            return print("not run: the engine has no buildx that fits")
        }
        try await Sample.with([], more: Self.files(files)) { sample in
            #expect(try await build(sample) == expected)
            let again = try await Pinion.run(["repro", "\(sample.namespace)/hidden@1", "--repo", sample.path])
            #expect(again.exitCode == 0, "\(again.stdout) \(again.stderr)")
        }
    }

    @Test(arguments: [
        ([".dockerignore": "Dockerfile\n"], [".dockerignore", "lib/a.txt", "server.py"]),
        ([".dockerignore": "Dockerfile\n.dockerignore\n"], ["lib/a.txt", "server.py"]),
    ])
    func `the engine by itself reads it, and the image has not got it`(
        files: [String: String], expected: [String]
    ) async throws {
        try await Sample.with([], more: Self.files(files)) { sample in
            let built = try await NoBuildx.with { try await build(sample, environment: $0) }
            #expect(built == expected)
        }
    }

    @Test func `what the engine by itself would show to the build is refused`() async throws {
        let ignoring = ["Dockerfile.dockerignore": "Dockerfile*\n", ".dockerignore": "lib\n"]
        try await Sample.with([], more: Self.files(ignoring)) { sample in
            let command = ["build", "\(sample.namespace)/hidden@1", "--repo", sample.path, "--json"]
            let run = try await NoBuildx.with { try await Pinion.run(command, environment: $0) }
            #expect(run.exitCode == 1)
            let failure = try #require(try run.json()[0]?["failure"])
            #expect(failure["code"]?.stringValue == "ERR_IMAGE_BUILD", "\(failure)")
            #expect(failure["remedy"]?.stringValue?.contains("buildx") == true, "\(failure)")
        }
    }
}

extension String {
    fileprivate var trimmed: String { String(split(whereSeparator: \.isWhitespace).first ?? "") }
}
