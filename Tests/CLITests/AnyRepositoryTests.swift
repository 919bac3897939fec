import FoundationEssentials
import JSON
import TestSupport
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// One registry, in every form that a repository takes.
@Suite(.tags(.medium))
struct AnyRepositoryTests {
    private static let spec = "registry/processors/text_stats.yaml"
    private static let good = "ref: text/stats@1\n"

    private func checkout() throws -> GitCheckout { try GitCheckout([Self.spec: Self.good, "docs/a": "x"]) }

    private func passes(_ arguments: [String], in folder: String? = nil, home: String? = nil) async throws {
        let run = try await Pinion.run(
            ["validate"] + arguments, in: folder,
            environment: home.map { ["HOME": $0, "XDG_CACHE_HOME": $0 + "/caches"] } ?? [:])
        #expect(run.exitCode == 0, "\(arguments): \(run.stderr)")
        #expect(run.stderr.contains("1 processor, 0 other specs"), "\(arguments): \(run.stderr)")
    }

    @Test func `a work tree, a folder in it, a bare repository, a linked work tree and a relative path`() async throws {
        let origin = try checkout()
        try await passes(["--repo", origin.path])
        try await passes([], in: origin.path + "/docs")
        try await passes(["--repo", "work"], in: origin.folder.path)
        try await passes(["--repo", origin.path + "/.git"])
        try origin.git(["clone", "--quiet", "--bare", origin.path, origin.folder.path + "/bare.git"])
        try await passes(["--repo", origin.folder.path + "/bare.git"])
        try origin.git(["worktree", "add", "--quiet", "-b", "other", origin.folder.path + "/linked"])
        try await passes([], in: origin.folder.path + "/linked")
        try await passes(["--worktree"], in: origin.folder.path + "/linked")
    }

    @Test func `any revision`() async throws {
        let origin = try checkout()
        let first = try origin.git(["rev-parse", "HEAD"])
        try origin.git(["tag", "--annotate", "--message", "v1", "v1"])
        try origin.git(["branch", "side"])
        try origin.commit([Self.spec: "ref: broken"])
        #expect(try await Pinion.run(["validate", "--repo", origin.path]).exitCode == 1)
        for revision in [first, String(first.prefix(8)), "v1", "side", "refs/heads/side", "HEAD~1", "main@{1}"] {
            try await passes(["--repo", origin.path, "--rev", revision])
        }
        for revision in ["nowhere", "main:docs/a", "--", "HEAD~9"] {
            let run = try await Pinion.run(["validate", "--repo", origin.path, "--rev=\(revision)"])
            #expect(run.exitCode == 1, "\(revision)")
            #expect(run.stderr.contains("error[ERR_GIT]") && run.stderr.contains("git log"), "\(run.stderr)")
        }
        try origin.git(["checkout", "--quiet", "--detach", first])
        try await passes(["--repo", origin.path])
    }

    @Test func `an address, by file, http and git, and what it moved on to`() async throws {
        let origin = try checkout()
        let server = try GitServer(root: origin.folder.path)
        for address in [
            "file://" + origin.path, "http://127.0.0.1:\(server.http)/work/.git",
            "git://127.0.0.1:\(server.daemon)/work",
        ] {
            try await passes(["--repo", address], home: origin.folder.path)
            try await passes(["--repo", address, "--rev", "main"], home: origin.folder.path)
        }
    }

    @Test func `a repository that names objects by SHA-256 is refused as such`() async throws {
        let other = try GitCheckout([Self.spec: Self.good], options: ["--object-format=sha256"])
        for address in [other.path, "file://" + other.path] {
            let run = try await Pinion.run(
                ["validate", "--repo", address], environment: ["XDG_CACHE_HOME": other.folder.path])
            #expect(run.exitCode == 1)
            #expect(run.stderr.contains("error[ERR_GIT]") && run.stderr.contains("SHA-256"), "\(run.stderr)")
        }
    }

    @Test(.enabled(if: getuid() == 0, "only root can give a folder away"))
    func `somebody else's repository is refused until git itself is told to trust it`() async throws {
        let origin = try checkout()
        for name in ["", "/.git"] { #expect(chown(origin.path + name, 65_534, 65_534) == 0) }
        let home = try TemporaryFolder()
        let run = try await Pinion.run(["validate", "--repo", origin.path], environment: ["HOME": home.path])
        #expect(run.exitCode == 1)
        #expect(run.stderr.contains("git config --global --add safe.directory \(origin.path)"), "\(run.stderr)")
        try Data("[safe]\n\tdirectory = \(origin.path)\n".utf8).write(to: URL(filePath: home.path + "/.gitconfig"))
        try await passes(["--repo", origin.path], home: home.path)
    }

    @Test(arguments: ["no-such-folder", "file:///no/such/folder", "ftp://host/x", "ssh://127.0.0.1:9/x"])
    func `an address that leads nowhere is told as such`(address: String) async throws {
        let home = try TemporaryFolder()
        let run = try await Pinion.run(
            ["validate", "--repo", address], in: home.path,
            environment: ["HOME": home.path, "XDG_CACHE_HOME": home.path])
        #expect(run.exitCode == (address.hasPrefix("ssh:") ? 69 : 1), "nobody is there, or it is no address")
        #expect(run.stderr.contains("error[ERR_"), "\(run.stderr)")
        #expect(run.stdout.isEmpty)
    }
}
