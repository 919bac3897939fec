import FoundationEssentials
import JSON
import RegistryCatalog
import TestSupport
import Testing
import YAML

@testable import CLI

/// The scripts of the action, run as GitHub's runner runs them.
@Suite(.tags(.medium))
struct GitHubActionTests {
    private let folder: TestSupport.TemporaryFolder
    private let steps: [JSONValue]

    init() throws {
        folder = try TestSupport.TemporaryFolder()
        let action = try #require(try YAMLDocument(Array(GitHubAction.text.utf8)).root?.json)
        steps = action["runs"]?["steps"]?.arrayValue ?? []
        // A program that tells what it was run with, one a line.
        try write("bin/pinion", "#!/bin/sh\nfor word in \"$@\"; do echo \"[$word]\"; done\n")
    }

    private func write(_ name: String, _ text: String) throws {
        let file = URL(filePath: "\(folder.path)/\(name)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }

    private func run(_ step: Int, _ variables: [String: String]) async throws -> Pinion.Outcome {
        let script = try #require(steps[step]["run"]?.stringValue)
        #expect(!script.contains("${{"))
        let own = ["RUNNER_TEMP": folder.path + "/temp", "GITHUB_PATH": folder.path + "/path"]
        return try await Pinion.run(
            "bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            environment: own.merging(variables) { $1 }.mapValues { $0 })
    }

    private func sha256(_ file: String) async throws -> String {
        String(try await Pinion.run("sha256sum", [file]).stdout.prefix(64))
    }

    @Test func `it installs what the sources are built to`() async throws {
        try write("source/.ci/setup", "#!/bin/sh\n[ \"$*\" = build ] && touch ready\n")
        try write(
            "source/.ci/install",
            "#!/bin/sh\n[ -e ready ] && mkdir -p $DESTDIR$PREFIX/bin && cp ../bin/pinion $DESTDIR$PREFIX/bin/\n")
        let run = try await run(0, ["URL": "", "SHA256": "", "SOURCE": folder.path + "/source"])
        #expect(run.succeeded() && run.stdout == "", "\(run.stderr)")
        let path = try String(contentsOfFile: folder.path + "/path", encoding: .utf8).split(separator: "\n")
        #expect(path.count == 1)
        let program = try #require(path.first.map { "\($0)/pinion" })
        #expect(try await Pinion.run(program, ["a b"]).stdout == "[a b]\n")
    }

    @Test(arguments: [true, false])
    func `it installs the program that has the right sum, alone or out of an archive`(isArchive: Bool) async throws {
        var file = folder.path + "/bin/pinion"
        if isArchive {
            file = folder.path + "/pinion.tar.gz"
            try write("pinion-1.0/bin/pinion", "#!/bin/sh\necho \"[packed]\"\n")
            #expect(try await Pinion.run("tar", ["-czf", file, "-C", folder.path, "pinion-1.0"]).succeeded())
        }
        let sum = try await sha256(file)
        let wrong = try await run(
            0, ["URL": "file://\(file)", "SHA256": String(repeating: "0", count: 64), "SOURCE": ""])
        #expect(wrong.exitCode != 0)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/path"))
        let right = try await run(0, ["URL": "file://\(file)", "SHA256": sum, "SOURCE": ""])
        #expect(right.succeeded())
        let path = try String(contentsOfFile: folder.path + "/path", encoding: .utf8).split(separator: "\n")
        #expect(path.count == 1)
        let program = try await Pinion.run("\(path.first ?? "")/pinion", ["x"])
        #expect(program.stdout == (isArchive ? "[packed]\n" : "[x]\n"))
    }

    @Test func `arguments reach the program as they are, one a line`() async throws {
        let hostile = "lane\nrun\n\n$(touch \(folder.path)/x); `id` \"a\" 'b' *\n--base\n${IFS} &"
        let search = folder.path + "/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        let outcome = try await run(1, ["ARGUMENTS": hostile, "PATH": search])
        let words = hostile.split(separator: "\n").map { "[\($0)]\n" }.joined()
        #expect(outcome.stdout == words, "\(outcome.stdout) \(outcome.stderr)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/x"))
    }
}
