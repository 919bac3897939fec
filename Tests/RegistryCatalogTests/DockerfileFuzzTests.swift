import DeploymentModel
import RegistryCatalog
import Testing

/// Texts that nobody would write: whatever comes, an answer and no crash.
@Suite(.tags(.small))
struct DockerfileFuzzTests {
    /// The same numbers for the same seed, on every machine (SplitMix64).
    private struct Chance: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }

        mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: choices.indices, using: &self)] }
    }

    private static let words = [
        "FROM", "scratch", "AS", "a", "b", "COPY", "ADD", "RUN", "ARG", "ENV", "ONBUILD", "--from=a", "--from=0",
        "--from=$X",
        "--mount=type=bind,from=a,source=x", "--mount=", "--mount=target=/x", "--", "--platform=$BUILDPLATFORM", "X=1",
        "X=${Y:-$X}", "${X", "${X:+y}", "${", "$", "$X", "'", "\"", "\\", "`", "<<EOF", "<<-'E", "EOF", "[\"a\",",
        "\"b\"]", "[",
        "# escape=`", "# syntax=docker/dockerfile:1", "#", "*", "**", "?", "../..", "/", "[a-", "é", "\u{0}",
        "\u{FEFF}", "\r",
    ]

    @Test(arguments: 0..<40) func `generated Dockerfiles have an answer`(seed: UInt64) {
        var chance = Chance(state: seed)
        for _ in 0..<50 {
            let count = Int.random(in: 0...60, using: &chance)
            let ends = [" ", " ", "\n", "\n", "\\\n", "\t", ""]
            let text = (0..<count).map { _ in chance.pick(Self.words) + chance.pick(ends) }
            check(Array(text.joined().utf8), &chance)
        }
    }

    @Test(arguments: 0..<10) func `bytes of any kind have an answer`(seed: UInt64) {
        var chance = Chance(state: seed)
        for _ in 0..<50 {
            check((0..<200).map { _ in UInt8.random(in: .min ... .max, using: &chance) }, &chance)
        }
    }

    private func check(_ bytes: [UInt8], _ chance: inout Chance) {
        let file = Dockerfile(bytes)
        let target = chance.pick([nil, "a", "0", "99", ""])
        let reach = DockerfileReach(of: file, platform: .arm64, args: ["Y": "$X"], target: target)
        let again = DockerfileReach(of: Dockerfile(bytes), platform: .arm64, args: ["Y": "$X"], target: target)
        #expect(reach == again)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
        #expect((file.findings + reach.findings).allSatisfy { (1...lines).contains($0.line) })
    }

    @Test(arguments: 0..<40) func `generated ignore files have an answer`(seed: UInt64) throws {
        var chance = Chance(state: seed)
        for _ in 0..<50 {
            let parts = ["*", "**", "/", "!", "a", "b", "[", "]", "^", "-", "\\", "\n", "#", " ", "?"]
            let text = (0..<12).map { _ in chance.pick(parts) }.joined()
            guard let rules = try? IgnoreRules(text) else { continue }
            var filter = IgnoreRules.Filter(rules)
            for path in ["a", "b/a", "a/b/a", "-", "ab"] {
                #expect(filter.excludes(path) == rules.excludes(path), "\(text.debugDescription) \(path)")
            }
        }
    }

    @Test func `variables that name each other come to an end`() {
        let nested = String(repeating: "${A:-", count: 5_000)
        let file = Dockerfile(Array("FROM scratch\nCOPY \(nested) /x\n".utf8))
        let reach = DockerfileReach(of: file, platform: .amd64, args: [:], target: nil)
        #expect(reach.findings.count == 1)
    }
}
