import DeploymentModel
import Git
import TestSupport
import Testing

/// Builds of what is not committed yet, on a real engine.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct WorktreeBuildTests {
    @Test func `a build of the working tree is what its commit is later found to be`() async throws {
        try await Sample.with(["text_stats"]) { sample in
            let checkout = try GitCheckout(cloning: sample.path)
            let ref = "\(sample.namespace)/stats@1"
            func run(_ arguments: String...) async throws -> Pinion.Outcome {
                try await Pinion.run([arguments[0], ref, "--repo", checkout.path] + arguments.dropFirst())
            }
            let file = "registry/processors/\(sample.namespace)_stats/app/added.py"
            try checkout.write([file: "# not committed\n"])
            let build = try await run("build", "--worktree")
            #expect(build.exitCode == 0, "\(build.stderr)")
            #expect(build.stderr.contains("Read from the working tree"))
            let status = try checkout.git(["status", "--porcelain"])
            #expect(status.contains("added.py"), "nothing of the user's is touched")

            let early = try await run("push")
            #expect(early.exitCode == 1 && early.stderr.contains("ERR_IMAGE_PUSH"), "\(early.stderr)")
            try checkout.commit([:])
            let push = try await run("push")
            #expect(push.exitCode == 0, "\(push.stderr)")
        }
    }

    @Test func `a bare repository has no working tree to build`() async throws {
        try await Sample.with(["text_stats"]) { sample in
            let outcome = try await Pinion.run(["build", "--worktree", "--repo", sample.path])
            #expect(outcome.exitCode == 1 && outcome.stderr.contains("no working tree"), "\(outcome.stderr)")
        }
    }
}
