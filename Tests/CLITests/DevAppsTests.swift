import FoundationEssentials
import Git
import JSON
import TestSupport
import Testing

/// The environment `dev`, where every branch and user has apps of their own, on the stand-in of Modal.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct DevAppsTests {
    private static let environments = """
        environments:
          dev: {target: modal, registry: "\(Components.registry)/NS", pins: record, prune: true}
          strict: {target: modal, registry: "\(Components.registry)/NS", pins: record, modal_environment: staging}
        """

    private func lane() async throws -> ModalLane {
        try await ModalLane(["text_hash"], more: ["pipelines/environments.yaml": Self.environments])
    }

    /// Runs a command in `dev` on this branch as this user.
    private func dev(
        _ lane: ModalLane, _ branch: String, _ user: String, _ arguments: String...
    ) async throws -> Pinion.Outcome {
        try await Pinion.run(
            arguments + ["--repo", lane.sample.path, "--env", "dev"],
            environment: lane.variables.merging(["GIT_BRANCH": branch, "GIT_USER": user]) { $1 })
    }

    @Test func `two users who reconcile one ref in turn leave each other's records alone`() async throws {
        let lane = try await lane()
        for user in ["ada", "bob", "ada"] {
            let run = try await dev(lane, "main", user, "reconcile")
            #expect(run.exitCode == 0, "\(run.stderr)")
        }
        // A branch that wants something else is nobody else's business either.
        let spec = lane.sample.spec("hash")
        let text = try #require(try await lane.sample.fixture.text(spec))
        try await lane.sample.fixture.commit([spec: text + "\nx-note: another\n"])
        #expect(try await dev(lane, "other", "bob", "reconcile").exitCode == 0)
        try await lane.sample.fixture.commit([spec: text])
        for (branch, user) in [("main", "ada"), ("main", "bob")] {
            let plan = try await dev(lane, branch, user, "plan", "--detailed-exitcode")
            #expect(plan.exitCode == 0, "\(user): \(plan.stdout) \(plan.stderr)")
            let drift = try await dev(lane, branch, user, "drift", "--detailed-exitcode")
            #expect(drift.exitCode == 0, "\(user): \(drift.stdout)")
        }
    }

    @Test func `apps of branches that are gone are stopped, and all others stay`() async throws {
        let lane = try await lane()
        for branch in ["main", "feature/x"] {
            #expect(try await dev(lane, branch, "ada", "reconcile").exitCode == 0)
        }
        let python = try #require(StandIn.python)
        let others = try await Pinion.run(
            python,
            [
                "-c",
                """
                import modal
                def deploy(name, tags):
                    app = modal.App(name, tags=tags)
                    app.function(
                        name='exec__old_app__v1', serialized=True, image=modal.Image.debian_slim())(lambda: None)
                    app.deploy(environment_name='dev')
                deploy('gone-eve-old-app-v1', {})
                deploy('main-ada-eve-old-app-v1', {'managed-by': 'pinion'})
                deploy('gone-bob-old-app-v1', {'managed-by': 'pinion'})
                """,
            ], environment: lane.variables)
        try #require(others.exitCode == 0, "\(others.stderr)")
        let (kept, gone) = ("main-ada-\(lane.app("hash"))", "feature-x-ada-\(lane.app("hash"))")
        func outcomes(_ more: String...) async throws -> [String: String] {
            let run = try await Pinion.run(
                ["prune", "--repo", lane.sample.path, "--env", "dev", "--json"] + more,
                environment: lane.variables.merging(["GIT_BRANCH": "main", "GIT_USER": "ada"]) { $1 })
            #expect(run.exitCode == 0, "\(run.stderr)")
            return Dictionary(
                (try run.json()["apps"]?.arrayValue ?? []).map {
                    ($0["app"]?.stringValue ?? "", $0["outcome"]?.stringValue ?? "")
                }
            ) { first, _ in first }
        }
        let stay = ["gone-eve-old-app-v1": "kept", "main-ada-eve-old-app-v1": "kept", kept: "kept"]
        #expect(
            try await outcomes("--dry-run") == stay.merging([gone: "gone", "gone-bob-old-app-v1": "gone"]) { $1 })
        // The branch comes back before anything happens.
        let main = try await lane.sample.fixture.repository.commit(at: "main").id
        try await lane.sample.fixture.repository.move("refs/heads/feature/x", to: main, expecting: nil)
        #expect(
            try await outcomes("--dry-run") == stay.merging([gone: "kept", "gone-bob-old-app-v1": "gone"]) { $1 })
        _ = try await Pinion.run("git", ["-C", lane.sample.path, "update-ref", "-d", "refs/heads/feature/x"])
        #expect(try await outcomes() == stay.merging([gone: "stopped", "gone-bob-old-app-v1": "stopped"]) { $1 })
        #expect(try await outcomes() == stay)
        let files = try await Pinion.run(
            "git", ["-C", lane.sample.path, "ls-tree", "-r", "--name-only", "refs/pinion/env/dev", "processors"])
        #expect(files.stdout == "processors/\(lane.ref("hash"))/\(kept).json\n")
        #expect(try await dev(lane, "main", "ada", "plan", "--detailed-exitcode").exitCode == 0)
    }

    @Test func `where apps belong to no branch, or the environment does not allow it, nothing is pruned`() async throws
    {
        let lane = try await ModalLane(
            ["text_hash"], withDocker: false,
            more: [
                "pipelines/environments.yaml": Self.environments.replacing(", prune: true", with: "")
            ])
        let forbidden = try await dev(lane, "main", "ada", "prune")
        #expect(forbidden.exitCode == 1 && forbidden.stderr.contains("does not allow to prune"), "\(forbidden.stderr)")
        let byRef = try await lane.command("prune", "--env", "strict")
        #expect(byRef.exitCode == 1 && byRef.stderr.contains("belong to no branch"), "\(byRef.stderr)")
    }
}
