import FoundationEssentials
import TestSupport
import Testing

/// What `make install` puts into place, and the container image that is made of it.
@Suite(.tags(.medium)) struct InstallTests {
    private static let scripts = ErrorExplanationTests.root + "/.ci"

    @Test func `the program and its completions are installed, and work from there`() async throws {
        let folder = try TemporaryFolder()
        let install = try await Pinion.run(
            Self.scripts + "/install", [],
            environment: ["PREFIX": "/usr", "DESTDIR": folder.path, "PINION_BINARY": Pinion.program])
        #expect(install.succeeded())
        let program = folder.path + "/usr/bin/pinion"
        #expect(try await Pinion.run(program, ["help", "lanes"], in: "/").stdout.hasPrefix("# Lanes"))
        for (shell, file) in [
            ("bash", "bash-completion/completions/pinion"), ("zsh", "zsh/site-functions/_pinion"),
            ("fish", "fish/vendor_completions.d/pinion.fish"),
        ] {
            let installed = try String(contentsOfFile: "\(folder.path)/usr/share/\(file)", encoding: .utf8)
            #expect(installed == (try await Pinion.run(["completions", shell])).stdout)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/usr/bin") == ["pinion"])
    }

    @Test func `the commit is that of the checkout, with what is not committed, or of the archive`() async throws {
        let folder = try TemporaryFolder()
        let script = """
            set -e
            mkdir -p checkout/.ci archive && cd checkout
            cp '\(Self.scripts)/commit' .ci/commit && cp '\(Self.scripts)/../.gitattributes' .
            .ci/commit | sed 's/^/none:/'
            git init --quiet . && git add . && git -c user.name=T -c user.email=t@example.com commit --quiet -m first
            .ci/commit && git rev-parse --short=7 HEAD
            git archive HEAD | tar -x -C ../archive && ../archive/.ci/commit
            echo >> .ci/commit && .ci/commit
            """
        let run = try await Pinion.run("bash", ["-c", script], in: folder.path)
        #expect(run.succeeded())
        let lines = run.stdout.split(separator: "\n").map(String.init)
        try #require(lines.count == 4, "\(run.stdout)")
        #expect(lines[0] == lines[1])
        #expect(lines[1].hasPrefix(lines[2]) || lines[2].hasPrefix(lines[1]))
        #expect(lines[3] == lines[1] + "-dirty")
    }

    @Test(.tags(.large), .enabled(if: Components.areThere))
    func `a container image without a base has all that the program needs`() async throws {
        let tag = "pinion-test-image:\(UInt32.random(in: .min ... .max))"
        let image = try await Pinion.run(
            Self.scripts + "/image", [tag], environment: ["PINION_BINARY": Pinion.program])
        #expect(image.succeeded())
        let fixture = try await RepositoryFixture([
            "registry/processors/text_stats.yaml": "ref: text/stats@1\nimage: {track: ghcr.io/acme/stats:1}\n"
        ])
        // The repository belongs to another user than the one inside.
        let version = try await Pinion.run("docker", ["run", "--rm", tag, "--version"])
        #expect(version.stdout == (try await Pinion.run(["--version"])).stdout, "\(version.stderr)")
        let validate = try await Pinion.run(
            "docker", ["run", "--rm", "--user", "65534", "--volume", "\(fixture.path):/work:ro", tag, "validate"])
        #expect(validate.exitCode == 0, "\(validate.stderr)")
        #expect(validate.stdout.contains("text/stats@1"), "\(validate.stdout)")
        _ = try await Pinion.run("docker", ["rmi", "--force", tag])
    }
}
