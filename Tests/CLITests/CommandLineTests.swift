import Git
import TestSupport
import Testing

/// What needs no other component than git.
@Suite(.tags(.medium))
struct CommandLineTests {
    @Test func `help and version are results on stdout`() async throws {
        let help = try await Pinion.run(["--help"])
        #expect(help.exitCode == 0)
        for command in ["reconcile", "plan", "status", "version"] { #expect(help.stdout.contains(command)) }
        let version = try await Pinion.run(["version"])
        #expect(version.stdout.hasPrefix("pinion "))
        #expect(version.stderr.isEmpty)
    }

    @Test(arguments: [
        ["reconcile", "--nope"], ["reconcile", "--parallelism", "0"], ["plan", "--pins", "nowhere"], ["frobnicate"],
    ])
    func `a wrong command line exits with 64`(arguments: [String]) async throws {
        let run = try await Pinion.run(arguments)
        #expect(run.exitCode == 64)
        #expect(run.stdout.isEmpty)
    }

    @Test func `a folder that is no repository is refused with a remedy`() async throws {
        let folder = try TemporaryFolder()
        let run = try await Pinion.run(["reconcile", "--repo", folder.path])
        #expect(run.exitCode == 1)
        #expect(run.stderr.contains("error[ERR_GIT]: there is no git repository at \(folder.path)"))
        #expect(run.stderr.contains("--repo"))
    }

    @Test func `a branch that does not exist is named`() async throws {
        let fixture = try await RepositoryFixture(["README.md": "x"])
        let run = try await Pinion.run(["plan", "--repo", fixture.path, "--branch", "nope"])
        #expect(run.exitCode == 1)
        #expect(run.stderr.contains("there is no branch 'nope'"))
    }

    @Test func `a repository without a commit is told as such`() async throws {
        let fixture = try await RepositoryFixture()
        let run = try await Pinion.run(["plan", "--repo", fixture.path])
        #expect(run.exitCode == 1)
        #expect(run.stderr.contains("Commit something first"), "\(run.stderr)")
    }

    @Test func `an environment that is not described is refused with those that are`() async throws {
        let fixture = try await RepositoryFixture(["README.md": "x"])
        let run = try await Pinion.run(["plan", "--repo", fixture.path, "--env", "moon"])
        #expect(run.exitCode == 4)
        #expect(run.stderr.contains("there is no environment 'moon'"))
        #expect(run.stderr.contains("local"))
    }

    /// Foundation doubles the launch time; FoundationEssentials has all that is needed.
    @Test func `the program links no Foundation`() async throws {
        let ldd = try await Pinion.run("ldd", [Pinion.program])
        #expect(ldd.stdout.contains("libgit2"), "\(ldd.stdout)\(ldd.stderr)")
        #expect(!ldd.stdout.contains("libFoundation.so"))
    }
}
