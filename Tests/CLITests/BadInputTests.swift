import FoundationEssentials
import JSON
import TestSupport
import Testing

/// What should be in no registry, and is: each is told, none does harm, and what lies beside it is read all the same.
@Suite(.tags(.medium))
struct BadInputTests {
    private static let path = "registry/processors/text_stats/registry.yaml"

    /// A repository with one good spec and whatever a test puts beside it.
    private struct Repository {
        let checkout: GitCheckout

        init() throws { checkout = try GitCheckout(["registry/processors/good_one.yaml": "ref: good/one@1\n"]) }

        func write(_ bytes: [UInt8], to path: String = BadInputTests.path) throws {
            let file = URL(filePath: checkout.path + "/" + path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }

        /// Commits all there is, and judges it.
        func judge(_ arguments: [String] = []) async throws -> Pinion.Outcome {
            try checkout.commit([:])
            return try await Pinion.run(["validate", "--repo", checkout.path, "--format", "json"] + arguments)
        }
    }

    /// The findings in a file as `line code message`, and that the good spec was read beside it.
    private func findings(_ run: Pinion.Outcome, in file: String = path) throws -> [String] {
        #expect(run.exitCode == 0 || run.exitCode == 1, "\(run.exitCode) \(run.stderr)")
        #expect(run.stderr.contains(" processor"), "\(run.stderr)")
        let all = try #require(try run.json()["diagnostics"]?.arrayValue)
        #expect(all.allSatisfy { $0["file"]?.stringValue == file }, "\(run.stdout)")
        #expect(all.allSatisfy { $0["message"]?.stringValue?.isEmpty == false })
        return all.map {
            "\($0["line"]?.intValue ?? 0) \($0["code"]?.stringValue ?? "") \($0["message"]?.stringValue ?? "")"
        }
    }

    private static let good = "ref: text/stats@1\n"

    /// Text, line, code and a part of the message.
    private static let texts: [(String, String)] = [
        // Ten levels of ten aliases each.
        (
            good + "x-a: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
                + (1...9).map { level in
                    let aliases = Array(repeating: "*l\(level - 1)", count: 10).joined(separator: ", ")
                    return "x-b\(level): &l\(level) [\(aliases)]\n"
                }.joined(), "6 ERR_YAML_BUDGET more than 50000 values"
        ),
        (good + "x-a: " + String(repeating: "[", count: 10_000), "2 ERR_YAML_BUDGET nested deeper than 64 levels"),
        (
            good + "x-a:\n  " + String(repeating: "- ", count: 10_000) + "x\n",
            "3 ERR_YAML_BUDGET nested deeper than 64 levels"
        ),
        (good + "name: a\u{0}b\n", "2 ERR_YAML "), (good + "runtime:\n\tcpu: 1\n", "3 ERR_YAML "),
        (good + "---\nref: text/stats@2\n", "2 ERR_YAML a second document starts here"),
        (good + "? [a, b]\n: c\n", "2 ERR_YAML a key is a list"),
        (good + "inputs: {properties: {? {a: b} : {type: string}}}\n", "ERR_YAML the file holds a value"),
        (good + "1: x\n", "2 ERR_SPEC '1' is not known"), (good + "x-a: &a [*a]\n", "2 ERR_YAML "),
        (good + "x-a: *nowhere\n", "2 ERR_YAML no anchor"),
        ("ref: ../../etc/passwd@1\n", "1 ERR_SPEC '../../etc/passwd@1'"),
        ("ref: text/../stats@1\n", "1 ERR_SPEC 'text/../stats@1'"),
        ("ref: text/stats@\u{0661}\n", "1 ERR_SPEC 'text/stats@\u{0661}'"),
        ("ref: text/stats@1\u{FF12}\n", "1 ERR_SPEC "), ("ref: te\u{0445}t/stats@1\n", "1 ERR_SPEC "),
        ("<<<<<<< ours\n" + good + "=======\n" + good + ">>>>>>> theirs\n", "ERR_YAML"),
        ("", "0 ERR_SPEC the file is empty"),
        (good + "build: {context: ../../../../etc}\n", "ERR_SPEC"),
        (good + "build: {dockerfile: /etc/passwd}\n", "ERR_SPEC"),
    ]

    @Test(arguments: texts)
    func `a text that nobody should write is told with its line and code`(text: String, expected: String) async throws {
        let repository = try Repository()
        try repository.write(Array(text.utf8))
        let found = try findings(try await repository.judge())
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test(arguments: [
        Array("ref: text/stats@1\nname: ".utf8) + [0xFF, 0xFE, 0x0A], Array("name: ".utf8) + [0xC0, 0x80],
        Array("name: ".utf8) + [0xED, 0xA0, 0x80], [0xFF, 0xFE, 0x72, 0x00, 0x65, 0x00],
    ])
    func `bytes that are no UTF-8 are told`(bytes: [UInt8]) async throws {
        let repository = try Repository()
        try repository.write(bytes)
        let run = try await repository.judge()
        #expect(run.exitCode == 1)
        #expect(try findings(run).contains { $0.hasPrefix("\(bytes.count { $0 == 0x0A } == 0 ? 1 : 2) ERR_YAML ") })
    }

    @Test func `a file of 100 MB is refused by its size, and is not read`() async throws {
        let repository = try Repository()
        try repository.write(Array(repeating: UInt8(ascii: "#"), count: 100 << 20))
        try repository.checkout.commit([:])
        let arguments = ["validate", "--repo", repository.checkout.path, "--format", "json"]
        let script = """
            import resource, subprocess, sys
            run = subprocess.run(sys.argv[1:])
            print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
            sys.exit(run.returncode)
            """
        let run = try await Pinion.run("python3", ["-c", script, Pinion.program] + arguments)
        #expect(
            try findings(run) == ["0 ERR_YAML_BUDGET the file has 104857600 bytes, 1048576 are allowed"],
            "\(run.stderr)")
        // Of all that the process ever held, in KiB (in bytes on macOS).
        let line = try #require(run.stderr.split(separator: "\n").last { $0.hasPrefix("peak ") })
        #if canImport(Darwin)
            let unit = 1
        #else
            let unit = 1024
        #endif
        #expect(try #require(Int(line.dropFirst("peak ".count))) * unit < 90 << 20, "\(line)")
    }

    @Test func `a folder in a spec's place is told once`() async throws {
        let repository = try Repository()
        try repository.write([], to: Self.path + "/a")
        try repository.write([], to: Self.path + "/b/c")
        let run = try await repository.judge()
        #expect(run.exitCode == 1)
        #expect(try findings(run) == ["0 ERR_SPEC this is a folder, and a spec is a file"])
    }

    @Test func `a symbolic link is never followed`() async throws {
        let repository = try Repository()
        try repository.write([], to: "registry/processors/text_stats/Dockerfile")
        try repository.checkout.git(["-C", ".", "rm", "-rq", "--ignore-unmatch", Self.path])
        try FileManager.default.createSymbolicLink(
            atPath: repository.checkout.path + "/" + Self.path, withDestinationPath: "/etc/passwd")
        // A folder that is a link is as little a place of specs.
        try FileManager.default.createSymbolicLink(
            atPath: repository.checkout.path + "/registry/processors/etc_pam", withDestinationPath: "/etc")
        let run = try await repository.judge()
        #expect(run.exitCode == 1)
        #expect(try findings(run) == ["0 ERR_SPEC this is a symbolic link, it is not followed"])
        #expect(!(run.stdout + run.stderr).contains("root:"))
        let tree = try await repository.judge(["--worktree"])
        #expect(try findings(tree) == ["0 ERR_SPEC this is a symbolic link, it is not followed"])
    }

    @Test func `a submodule is never entered`() async throws {
        let repository = try Repository()
        let other = try GitCheckout(["registry.yaml": "ref: text/stats@1\n"])
        try repository.checkout.git([
            "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.path,
            "registry/processors/text_stats",
        ])
        let run = try await repository.judge()
        #expect(run.exitCode == 0)
        #expect(run.stderr.contains("1 processor"), "\(run.stderr)")
        // One that stands where the file should be is told.
        try repository.checkout.git(["rm", "-qrf", "registry/processors/text_stats"])
        try repository.checkout.git([
            "update-index", "--add", "--cacheinfo", "160000,\(other.git(["rev-parse", "HEAD"])),\(Self.path)",
        ])
        try repository.checkout.git(["commit", "--quiet", "--message", "a submodule"])
        let place = try await Pinion.run(["validate", "--repo", repository.checkout.path, "--format", "json"])
        #expect(try findings(place) == ["0 ERR_SPEC this is a submodule, it is not followed"])
    }

    @Test func `every format tells of a place that is no place`() async throws {
        let repository = try Repository()
        try repository.write(Array(repeating: UInt8(ascii: "["), count: 5000))
        try repository.checkout.commit([:])
        for format in ["text", "json", "sarif", "github"] {
            let run = try await Pinion.run(["validate", "--repo", repository.checkout.path, "--format", format])
            #expect(run.exitCode == 1)
            #expect(run.stdout.contains("ERR_YAML_BUDGET"), "\(format)")
        }
    }
}
