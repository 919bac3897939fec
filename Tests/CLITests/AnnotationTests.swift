import TestSupport
import Testing

/// Annotations are commands to GitHub's runner: nothing in a registry may give it others.
@Suite(.tags(.medium))
struct AnnotationTests {
    @Test func `line ends, percent signs, colons and commas of a registry stay text`() async throws {
        let fixture = try await RepositoryFixture([
            "registry/processors/a,b:c%d_e.yaml": "ref: \"a\\n::set-output name=x::y%0A/b@1\"\nruntime: {gpu: true}\n",
            "registry/processors/c_d.yaml": "ref: c/d@1\nnmae: x\n",
            "registry/processors/e_f.yaml": "ref: e/f@1\npolicy: x\n",
        ])
        let run = try await Pinion.run(["validate", "--repo", fixture.path, "--format", "github"])
        #expect(run.exitCode == 1)
        let lines = run.stdout.split(separator: "\n")
        #expect(lines.count >= 4)
        for line in lines {
            #expect(
                line.hasPrefix("::error file=") || line.hasPrefix("::warning file=")
                    || line.hasPrefix("::notice file="), "\(line)")
        }
        let first = try #require(lines.first { $0.contains("set-output") })
        #expect(first.hasPrefix("::error file=registry/processors/a%2Cb%3Ac%25d_e.yaml,line=1,col=6,title=ERR_SPEC::"))
        #expect(first.contains("a%0A::set-output name=x::y%250A/b@1"), "\(first)")
        #expect(lines.contains { $0.hasPrefix("::warning file=registry/processors/c_d.yaml,line=2,col=1,") })
        #expect(lines.contains { $0.hasPrefix("::notice file=registry/processors/e_f.yaml,") })
    }
}
