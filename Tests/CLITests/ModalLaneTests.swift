import Foundation
import JSON
import TestSupport
import Testing

/// The staging lane on the stand-in of Modal, with the real SDK, real images and the real command line of Modal.
@Suite(.tags(.large), .enabled(if: Components.areThere), .serialized)
struct ModalLaneTests {
    @Test func `the lane deploys, syncs, tests and is clean, and Modal's own tools see it`() async throws {
        let lane = try await ModalLane(["llm_litellm", "text_hash"])
        let refused = try await lane.reconcile()
        #expect(refused.exitCode == 1)
        #expect(refused.stderr.contains("ERR_MISSING_SECRET"))
        #expect(refused.stderr.contains("pinion sync_secrets --ref \(lane.ref("litellm")) --env staging"))

        let first = try await lane.reconcile("--sync-secrets", with: ["OPENAI_API_KEY": ModalLane.canary])
        #expect(first.exitCode == 0, "\(first.stderr)")
        #expect(first.stderr.contains("probe  refuses to run without its secrets"))
        #expect(first.stderr.contains("smoke  modal, ws, 2 outputs"))
        let second = try await lane.reconcile()
        #expect(second.stdout.hasPrefix("Nothing to do: 2 processors"), "\(second.stderr)")
        #expect(try await lane.drift("--live") == [])

        // Modal's own command line sees the same.
        let apps = try await lane.modal("app", "list", "--json").json().arrayValue ?? []
        let names = Set(apps.compactMap { $0["description"]?.stringValue ?? $0["name"]?.stringValue })
        #expect(names == [lane.app("litellm"), lane.app("hash")], "\(apps)")
        let secrets = try await lane.modal("secret", "list", "--json").stdout
        #expect(secrets.contains("OPENAI_API_KEY"))
        let history = try await lane.modal("app", "history", lane.app("litellm"), "--json").json().arrayValue ?? []
        #expect(history.count == 1)

        let status = try await lane.pinion("status", "--json").json().arrayValue ?? []
        #expect(status.map { $0["state"] } == ["running", "running"])
        let run = try await lane.pinion(
            "run_processor", "--adapter", "modal", "--ref", lane.ref("litellm"), "--mode", "real", "--json")
        // There is no provider to be reached here: the processor's own error comes from where the secret is.
        #expect(run.stdout.contains("env_keys_present=[OPENAI_API_KEY]"), "\(run.stdout) \(run.stderr)")
        #expect(!run.stdout.contains(ModalLane.canary) && !run.stderr.contains(ModalLane.canary))
    }

    @Test func `what is changed by Modal's own tools is found as drift, and mended`() async throws {
        let lane = try await ModalLane(["llm_litellm"])
        let app = lane.app("litellm")
        let function = "exec__\(lane.sample.namespace)_litellm__v1"
        let first = try await lane.reconcile("--sync-secrets", with: ["OPENAI_API_KEY": "one"])
        try #require(first.exitCode == 0, "\(first.stderr)")
        func mend(_ kinds: [String], _ what: String) async throws {
            #expect(try await lane.drift() == kinds, "\(what)")
            let run = try await lane.reconcile("--sync-secrets", with: ["OPENAI_API_KEY": "one"])
            #expect(run.exitCode == 0, "\(what): \(run.stderr)")
            #expect(try await lane.drift() == [], "\(what)")
        }

        try await lane.sdk(
            "modal.Function.from_name('\(app)', '\(function)', environment_name=E).autoscaler.update(min_containers=3)")
        try await mend(["scaling"], "scaling")

        let folder = try TemporaryFolder()
        let rendered = try await lane.pinion("modal", "render", "-o", folder.path)
        try #require(rendered.exitCode == 0, "\(rendered.stderr)")
        let file = folder.path + "/modal_app.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try text.replacing("\"managed_by\": \"pinion\"", with: "\"managed_by\": \"me\"")
            .replacing("\"cpu\": 1", with: "\"cpu\": 2").write(toFile: file, atomically: true, encoding: .utf8)
        let deployed = try await lane.modal("deploy", "-m", "modal_app", in: folder.path)
        #expect(deployed.exitCode == 0, "\(deployed.stdout) \(deployed.stderr)")
        try await mend(["version", "manager", "resources"], "deployed by hand")

        #expect(try await lane.modal("app", "stop", app, "--yes").succeeded())
        try await mend(["missing"], "stopped")

        #expect(try await lane.modal("secret", "delete", "OPENAI_API_KEY", "--yes").succeeded())
        try await mend(["missing_secret", "secrets"], "secret deleted")

        #expect(try await lane.modal("app", "rollback", app).succeeded())
        #expect(try await lane.drift().contains("version"), "rolled back")
        let last = try await lane.reconcile()
        #expect(last.exitCode == 0, "\(last.stderr)")
        #expect(try await lane.drift() == [])
    }

    @Test func `a rotated value is written and rolled over, an unchanged one is not touched`() async throws {
        let lane = try await ModalLane(["llm_litellm"])
        func sync(_ value: String, _ more: String...) async throws -> [String] {
            let run = try await Pinion.run(
                ["sync_secrets", "--all", "--repo", lane.sample.path, "--env", "staging", "--json"] + more,
                environment: lane.variables.merging(["OPENAI_API_KEY": value]) { $1 })
            let secrets = try run.json()["secrets"]?.arrayValue ?? []
            return secrets.compactMap { $0["state"]?.stringValue }
                + (try run.json()["rolledOver"]?.arrayValue ?? []).compactMap(\.stringValue)
        }
        #expect(try await sync("one", "--check") == ["absent", "created"])
        #expect(try await sync("one") == ["absent", "created"])
        let deployed = try await lane.reconcile()
        #expect(deployed.exitCode == 0, "\(deployed.stderr)")
        #expect(try await sync("one") == ["absent", "unchanged"])
        #expect(try await lane.drift() == [])
        #expect(try await sync("two", "--check") == ["absent", "rotated"])
        #expect(try await lane.drift() == [], "a check writes nothing")
        #expect(try await sync("two") == ["absent", "rotated", lane.app("litellm")])
        #expect(try await sync("two") == ["absent", "unchanged"])
        #expect(try await lane.drift() == [], "the rollover is recorded")
        // An hour of other people's work: somebody wrote the value over by a secret of the same name.
        try await lane.sdk(
            """
            modal.Secret.objects.delete('OPENAI_API_KEY', environment_name=E)
            modal.Secret.objects.create('OPENAI_API_KEY', {'OPENAI_API_KEY': 'other'}, environment_name=E)
            """)
        #expect(try await sync("two", "--check") == ["absent", "rotated"])
    }

    @Test func `values come from private files and commands, and no others`() async throws {
        let lane = try await ModalLane(["llm_litellm"], withDocker: false)
        let file = lane.home.path + "/secrets.env"
        try "# mine\nexport OPENAI_API_KEY='one'\nREGISTRY_USERNAME=me\nREGISTRY_PASSWORD=\"p w\"\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let open = try await lane.pinion("sync_secrets", "--all", "--secrets-file", file)
        #expect(open.exitCode == 1)
        #expect(open.stderr.contains("others may read") && open.stderr.contains("chmod 600"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let mine = try await lane.pinion("sync_secrets", "--all", "--secrets-file", file, "--json").json()
        let names = mine["secrets"]?.arrayValue?.map {
            "\($0["name"]?.stringValue ?? "") \($0["state"]?.stringValue ?? "")"
        }
        #expect(names == ["LITELLM_API_BASE absent", "OPENAI_API_KEY created", "REGISTRY_AUTH created"])
        let same = try await lane.pinion(
            "sync_secrets", "--all", "--from-command", "test {name} != OPENAI_API_KEY || echo one")
        #expect(same.stdout.contains("unchanged"), "\(same.stdout) \(same.stderr)")
        let lines = try await lane.pinion("sync_secrets", "--all", "--from-command", "echo OPENAI_API_KEY=two")
        #expect(lines.stdout.contains("rotated"), "\(lines.stdout) \(lines.stderr)")
        let failed = try await lane.pinion("sync_secrets", "--all", "--from-command", "echo \(ModalLane.canary); false")
        #expect(failed.exitCode == 1)
        #expect(!failed.stderr.replacing("echo \(ModalLane.canary)", with: "").contains(ModalLane.canary))
    }

    @Test func `a secret that nobody has fails before anything is written, when that is asked for`() async throws {
        let lane = try await ModalLane(["llm_litellm"], withDocker: false)
        let run = try await lane.pinion("modalctl", "sync-secrets", "--all", "--fail-on-missing")
        #expect(run.exitCode == 77)
        #expect(run.stderr.contains("OPENAI_API_KEY"))
        let softly = try await lane.pinion("sync_secrets", "--all")
        #expect(softly.exitCode == 0)
        #expect(softly.stdout.contains("missing"))
    }

    @Test func `unused names are pruned where the environment allows it, and REGISTRY_AUTH stays`() async throws {
        let strict = try await ModalLane(["llm_litellm"], withDocker: false)
        #expect(try await strict.pinion("sync_secrets", "--all", "--prune").exitCode == 1)
        let lane = try await ModalLane(["llm_litellm"], staging: "prune: true", withDocker: false)
        try await lane.sdk(
            """
            modal.Secret.objects.create('OLD', {'OLD': 'x'}, environment_name=E)
            modal.Secret.objects.create('REGISTRY_AUTH', {'REGISTRY_USERNAME': 'x'}, environment_name=E)
            """)
        try await lane.sdk(
            """
            app = modal.App('old')
            app.function(
                name='web', serialized=True, image=modal.Image.debian_slim(),
                secrets=[modal.Secret.from_name('OLD', environment_name=E)])(lambda: None)
            app.deploy(environment_name=E)
            """)
        let mounted = try await lane.pinion("sync_secrets", "--all", "--prune", with: ["OPENAI_API_KEY": "one"])
        #expect(mounted.exitCode == 3 && mounted.stderr.contains("OLD (old)"), "\(mounted.stderr)")
        #expect(
            try await !lane.modal("secret", "list", "--json").stdout.contains("OPENAI_API_KEY"), "nothing is written")
        #expect(try await lane.modal("app", "stop", "old", "--yes").succeeded())
        let told = try await lane.pinion("sync_secrets", "--all", "--check", "--prune")
        #expect(told.stdout.contains("OLD") && told.stdout.contains("unused"))
        let pruned = try await lane.pinion("sync_secrets", "--all", "--prune")
        #expect(pruned.stdout.contains("pruned"), "\(pruned.stderr)")
        let left = try await lane.modal("secret", "list", "--json").stdout
        #expect(!left.contains("OLD") && left.contains("REGISTRY_AUTH"))
    }
}
