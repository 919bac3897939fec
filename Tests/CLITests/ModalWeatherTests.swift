import DeploymentModel
import Foundation
import JSON
import OCI
import Subprocess
import Synchronization
import TestSupport
import Testing

/// Modal's commands when something is not as it should be. Nothing is run here: images are only deployed.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct ModalWeatherTests {
    /// A lane with processors that are pinned to a seed image, and ask for a secret.
    private func lane(_ names: [String] = ["one"], secrets: String = "[API_KEY]") async throws -> ModalLane {
        let pins = try await Self.seed()
        let specs = names.map { name in
            ("registry/processors/NS_\(name).yaml", Self.spec("NS/\(name)@1", pins, secrets: secrets))
        }
        return try await ModalLane([], withDocker: false, more: Dictionary(uniqueKeysWithValues: specs))
    }

    private static func seed() async throws -> [Platform: String] {
        let tag = try ImageReference("\(Components.registry)/pinion/python:3")
        return try await OCIRegistryClient().platforms(of: tag).mapValues(\.description)
    }

    private static func spec(_ ref: String, _ pins: [Platform: String], secrets: String) -> String {
        """
        ref: \(ref)
        image:
          platforms: {amd64: "\(pins[.amd64] ?? "")", arm64: "\(pins[.arm64] ?? "")"}
        secrets: {required: \(secrets)}
        """
    }

    /// Another image than the pinned one, by digest.
    private func image(of lane: ModalLane) async throws -> String {
        let name = "\(Components.registry)/\(lane.sample.namespace)/other:1"
        let text = "FROM \(Components.registry)/pinion/python:3\nLABEL lane=\(lane.sample.namespace)\n"
        let built = try await Pinion.run(
            "/bin/sh",
            [
                "-c",
                "printf '%s' '\(text)' | docker build -q -t \(name) - && docker push -q \(name) && docker rmi \(name)",
            ])
        try #require(built.exitCode == 0, "\(built.stderr)")
        let images = try await OCIRegistryClient().platforms(of: ImageReference(name))
        return try #require(images[.amd64]).description
    }

    @Test func `a name that an app can't have alone, a missing environment, a switch that is off`() async throws {
        let lane = try await lane(["one", "two"])
        let one = try await lane.pinion("sync_modal", with: ["MODAL_APP_NAME": "mine"])
        #expect(one.exitCode == 1 && one.stderr.contains("ERR_NAME_COLLISION"), "\(one.stderr)")
        let off = try await lane.pinion("sync_modal", with: ["MODAL_ENABLED": "false"])
        #expect(off.exitCode == 69 && off.stderr.contains("MODAL_ENABLED=false"), "\(off.stderr)")
        for name in ["local", "nowhere"] {
            let run = try await Pinion.run(
                ["modalctl", "status", "--repo", lane.sample.path, "--env", name], environment: lane.variables)
            #expect(run.exitCode == (name == "local" ? 1 : 4) && run.stderr.contains("There is: "), "\(run.stderr)")
        }
        let unnamed = try await Pinion.run(
            ["drift", "--live", "--repo", lane.sample.path], environment: lane.variables)
        #expect(unnamed.stderr.contains("--live is for environments on Modal"))
        let chosen = try await Pinion.run(
            ["modalctl", "status", "--repo", lane.sample.path],
            environment: lane.variables.merging(["MODAL_ENVIRONMENT": "staging"]) { $1 })
        #expect(chosen.exitCode == 0 && chosen.stderr.contains("Nothing of it is deployed to staging"))
    }

    @Test func `an environment that Modal does not have is not made`() async throws {
        let lane = try await ModalLane(["text_hash"], staging: "modal_environment: elsewhere", withDocker: false)
        for command in [["drift"], ["sync_secrets", "--all"], ["modalctl", "stop", "--ref", "a/b@1"]] {
            let run = try await Pinion.run(
                command + ["--repo", lane.sample.path, "--env", "staging"], environment: lane.variables)
            #expect(run.exitCode == 69 && run.stderr.contains("'elsewhere'"), "\(command): \(run.stderr)")
        }
        let doctor = try await lane.pinion("doctor")
        #expect(doctor.exitCode == 1)
        #expect(doctor.stdout.contains("modal environment create elsewhere"), "\(doctor.stdout)")
        #expect(try await lane.standIn.state()["environments"]?["elsewhere"] == nil)
    }

    @Test func `no token, a wrong one, no Python and no Modal are told apart, each with its remedy`() async throws {
        let lane = try await lane()
        func said(_ more: [String: String?], code: Int = 69) async throws -> String {
            let run = try await lane.pinion("drift", with: more)
            #expect(run.exitCode == code, "\(run.stderr)")
            #expect(run.stdout == "")
            return run.stderr
        }
        let none = try await said(["MODAL_TOKEN_ID": nil, "MODAL_TOKEN_SECRET": nil], code: 77)
        #expect(none.contains("Token missing"), "\(none)")
        let wrong = try await said(["MODAL_TOKEN_SECRET": "as-canary-token"], code: 77)
        #expect(wrong.contains("ERR_MODAL") && !wrong.contains("as-canary-token"), "\(wrong)")
        #expect(try await said(["PINION_PYTHON": "/nonexistent/python3"]).contains("PINION_PYTHON"))
        let doctor = try await lane.pinion("doctor", with: ["PINION_PYTHON": "/nonexistent/python3"])
        #expect(doctor.exitCode == 1 && doctor.stdout.contains("✗ Modal"), "\(doctor.stdout)")
        lane.standIn.end()
        let gone = try await said([:])
        #expect(gone.contains("ERR_NETWORK"), "\(gone)")
    }

    @Test func `what is locked fails by itself, the rest goes on, and the next run carries on`() async throws {
        let lane = try await lane(["one", "two"], secrets: "[]")
        try await lane.standIn.fail("AppPublish", "locked", times: -1, app: lane.app("one"))
        let first = try await lane.pinion("sync_modal", "--json")
        #expect(first.exitCode == 3)
        let entries = try first.json()["entries"]?.arrayValue ?? []
        #expect(entries.compactMap { $0["status"]?.stringValue } == ["failed", "changed"])
        #expect(entries[0]["failures"]?[0]?["code"] == "ERR_LEASE")
        try await lane.standIn.clear()
        // Lost after it happened: it is looked for, and not made twice.
        try await lane.standIn.fail("AppPublish", "lost", app: lane.app("one"))
        let second = try await lane.pinion("sync_modal", "--json")
        #expect(second.exitCode == 0, "\(second.stderr)")
        let rows = try await lane.pinion("modalctl", "status", "--json").json().arrayValue ?? []
        #expect(rows.compactMap { $0["app"]?["version"]?.intValue } == [1, 1])
        #expect(try await lane.pinion("sync_modal").stdout.hasPrefix("Nothing to do"))
        #expect(try await lane.drift() == [])
    }

    @Test func `only a digest is deployed, and another one than the pinned is told of`() async throws {
        let lane = try await lane(secrets: "[]")
        let tag = try await lane.pinion("modalctl", "start", "--ref", lane.ref("one"), "--oci", "ghcr.io/acme/x:1")
        #expect(tag.exitCode == 1 && tag.stderr.contains("ERR_IMAGE_UNPINNED"), "\(tag.stderr)")
        let emulated = try await lane.pinion(
            "modalctl", "start", "--ref", lane.ref("one"), "--oci", try #require(try await Self.seed()[.arm64]))
        #expect(emulated.exitCode == 1 && emulated.stderr.contains("ERR_IMAGE_PLATFORM"), "\(emulated.stderr)")
        let other = try await image(of: lane)
        let started = try await lane.pinion("modalctl", "start", "--ref", lane.ref("one"), "--oci", other)
        #expect(started.exitCode == 0, "\(started.stderr)")
        #expect(started.stderr.contains("is not the pinned digest"))
        let verified = try await lane.pinion("modalctl", "verify-digest", "--ref", lane.ref("one"))
        #expect(verified.exitCode == 1 && verified.stderr.contains("ERR_REGISTRY_MISMATCH"))
        #expect(
            try await lane.pinion("modalctl", "verify-digest", "--ref", lane.ref("one"), "--oci", other).succeeded())
        #expect(try await lane.drift() == ["digest"], "what is wanted is what it was")
        let mended = try await lane.pinion("sync_modal")
        #expect(mended.exitCode == 0, "\(mended.stderr)")
        #expect(try await lane.pinion("modalctl", "verify-digest", "--ref", lane.ref("one")).succeeded())
        let history = try await lane.pinion("modalctl", "history", "--ref", lane.ref("one"), "--json").json()
        #expect(history.arrayValue?.count == 2)
        let back = try await lane.pinion("modalctl", "rollback", "--ref", lane.ref("one"))
        #expect(back.exitCode == 0, "\(back.stderr)")
        #expect(try await lane.drift().contains("image"))
        let none = try await lane.pinion("modalctl", "url", "--ref", lane.ref("none"))
        #expect(none.exitCode == 4 && none.stderr.contains("ERR_FUNCTION_NOT_FOUND"), "\(none.stderr)")
    }

    @Test func `each kind of drift is made with Modal's own tools, found, and mended`() async throws {
        let lane = try await lane()
        let own: [String: String?] = ["API_KEY": "one"]
        #expect(try await lane.pinion("sync_secrets", "--all", with: own).succeeded())
        #expect(try await lane.pinion("sync_modal").succeeded())
        let folder = try TemporaryFolder()
        #expect(try await lane.pinion("modal", "render", "-o", folder.path).succeeded())
        let file = folder.path + "/modal_app.json"
        let rendered = try JSONValue(parsing: String(contentsOfFile: file, encoding: .utf8))
        let fields = try #require(rendered["apps"]?[0]?.objectValue)

        /// Deploys what `render` wrote, with these fields changed.
        func deploy(_ changes: [String: JSONValue]) async throws {
            let apps: JSONValue = ["apps": [.object(fields.merging(changes) { $1 })]]
            try apps.compact.write(toFile: file, atomically: true, encoding: .utf8)
            let run = try await lane.modal("deploy", "-m", "modal_app", in: folder.path)
            try #require(run.exitCode == 0, "\(run.stdout) \(run.stderr)")
        }
        func mend(_ what: String) async throws {
            let run = try await lane.pinion("sync_modal")
            #expect(run.exitCode == 0, "\(what): \(run.stderr)")
            #expect(try await lane.drift() == [], "\(what)")
        }
        let other = try await image(of: lane)
        let cases: [([String: JSONValue], [String])] = [
            (["image": .string(other)], ["version", "digest", "image"]),
            (["spec": "other"], ["version", "spec"]),
            (["public": true], ["version", "access"]),
            (["function": "exec__other__v1"], ["version", "functions"]),
            (["secrets": []], ["version", "secrets"]),
            (["timeout_s": 77], ["version", "resources"]),
            (["min_containers": 2], ["version", "scaling"]),
            (["managed_by": "me"], ["version", "manager"]),
        ]
        for (changes, kinds) in cases {
            try await deploy(changes)
            #expect(try await lane.drift() == kinds, "\(changes)")
            try await mend("\(changes)")
        }

        try await deploy(["app": "by-hand"])
        #expect(try await lane.drift() == ["orphan"])
        #expect(try await lane.modal("app", "stop", "by-hand", "--yes").succeeded())

        // Cut off between the value and the new containers.
        try await lane.standIn.fail("AppRollover", "denied", times: -1)
        let cut = try await lane.pinion("sync_secrets", "--all", with: ["API_KEY": "two"])
        #expect(cut.exitCode == 69, "\(cut.stderr)")
        #expect(try await lane.drift() == ["stale_secret"])
        try await lane.standIn.clear()
        try await mend("rotated")

        var pins = try await Self.seed()
        pins[.amd64] = other
        try await lane.sample.fixture.commit([
            "registry/processors/\(lane.sample.namespace)_one.yaml": Self.spec(
                lane.ref("one"), pins, secrets: "[API_KEY]")
        ])
        #expect(try await lane.drift().prefix(2) == ["pin", "digest"])
        try await mend("another pin")

        let endpoint = try await lane.pinion("drift", "--live", "--json", with: ["MODAL_PROXY_SECRET": "wrong"])
        #expect(try endpoint.json()["findings"]?.arrayValue?.compactMap { $0["kind"]?.stringValue } == ["endpoint"])
        #expect(endpoint.stdout.contains("refuses the proxy keys"))
    }

    @Test func `MODAL_APP_NAME names the app of one processor of many`() async throws {
        let lane = try await lane(["one", "two"], secrets: "[]")
        for answer in ["1 changed", "Nothing to do"] {
            let started = try await lane.pinion(
                "modalctl", "start", "--ref", lane.ref("one"), with: ["MODAL_APP_NAME": "mine"])
            #expect(started.exitCode == 0 && started.stdout.contains(answer), "\(started.stdout) \(started.stderr)")
        }
        #expect(try await lane.modal("app", "list", "--json").stdout.contains("\"mine\""))
    }

    @Test func `apps of other people that mount a rotated secret are theirs to roll over`() async throws {
        let lane = try await lane()
        func sync(_ value: String) async throws -> JSONValue {
            try await lane.pinion("sync_secrets", "--all", "--json", with: ["API_KEY": value]).json()
        }
        _ = try await sync("one")
        try await lane.sdk(
            """
            app = modal.App('web')
            def serve(): pass
            app.function(serialized=True, secrets=[modal.Secret.from_name('API_KEY')])(serve)
            app.deploy(environment_name=E)
            """)
        let deployed = try await lane.pinion("sync_modal")
        try #require(deployed.exitCode == 0, "\(deployed.stderr)")
        let rotated = try await sync("two")
        #expect(rotated["secrets"]?[0]?["state"] == "rotated")
        #expect(rotated["rolledOver"] == [.string(lane.app("one"))])
    }

    @Test func `a rollover that fails does not hide what was synced and rolled over`() async throws {
        let lane = try await lane(["one", "two"])
        let with: [String: String?] = ["API_KEY": "one"]
        #expect(try await lane.pinion("sync_secrets", "--all", with: with).succeeded())
        #expect(try await lane.pinion("sync_modal").succeeded())
        try await lane.standIn.fail("AppRollover", "denied", times: -1, app: lane.app("one"))
        let run = try await lane.pinion("sync_secrets", "--all", "--json", with: ["API_KEY": "two"])
        #expect(run.exitCode == 69 && run.stderr.contains("ERR_MODAL"), "\(run.stderr)")
        #expect(try run.json()["secrets"]?[0]?["state"] == "rotated")
        #expect(try run.json()["rolledOver"] == [.string(lane.app("two"))])
        #expect(try await lane.drift() == ["stale_secret"], "what was rolled over is recorded")
    }

    @Test func `no value of a secret leaves the process that syncs it`() async throws {
        let lane = try await lane()
        let canary = ModalLane.canary
        let watch = ArgumentWatch(for: canary)
        var said = ""
        func note(_ run: Pinion.Outcome) { said += run.stdout + run.stderr }
        let with: [String: String?] = [
            "API_KEY": canary, "XDG_CACHE_HOME": lane.home.path + "/cache", "XDG_DATA_HOME": nil,
            "TMPDIR": lane.home.path,
        ]
        note(try await lane.pinion("plan", "--sync-secrets", "--json", with: with))
        note(try await lane.pinion("sync_secrets", "--all", "--json", with: with))
        // The stand-in repeats what it was told, as a careless server might.
        try await lane.standIn.fail("SecretGetOrCreate", "internal", times: -1, message: "bad value \(canary)")
        note(try await lane.pinion("sync_secrets", "--all", with: with.merging(["API_KEY": canary + "2"]) { $1 }))
        try await lane.standIn.clear()
        note(try await lane.pinion("sync_modal", "--json", with: with))
        note(try await lane.pinion("drift", "--json", with: with))
        #expect(!said.contains(canary))
        #expect(said.contains("API_KEY"))
        #expect(await watch.stop() > 0, "somebody was watched")
        #expect(await watch.findings == [])
        #expect(try Self.files(below: lane.home.path, with: canary) == [])
        #expect(try Self.files(below: lane.standIn.folder, with: canary) == [])
        #expect(try Self.files(below: lane.sample.path, with: canary) == [])
        let objects = try await Pinion.run(
            "/bin/sh", ["-c", "git cat-file --batch-all-objects --batch | grep -c \(canary)"], in: lane.sample.path)
        #expect(objects.stdout == "0\n", "\(objects.stderr)")
    }

    private static func files(below folder: String, with text: String) throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder)
        try #require(!paths.isEmpty)
        return paths.filter { path in
            FileManager.default.contents(atPath: "\(folder)/\(path)")?.range(of: Data(text.utf8)) != nil
        }
    }
}

/// Looks at the arguments of all processes, and at the environments of the driver's, again and again.
private actor ArgumentWatch {
    private(set) var findings: [String] = []
    private var looks = 0
    private var task: Task<Void, Never>?

    init(for text: String) {
        Task { await start(text) }
    }

    private func start(_ text: String) {
        task = Task {
            while !Task.isCancelled {
                look(for: text)
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// - Returns: how many processes of the driver were seen.
    func stop() -> Int {
        task?.cancel()
        return looks
    }

    private func look(for text: String) {
        for process in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard process.first?.isNumber == true,
                let arguments = FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
            else { continue }
            if arguments.range(of: Data(text.utf8)) != nil { findings.append("arguments of \(process)") }
            guard arguments.range(of: Data("/driver.py".utf8)) != nil else { continue }
            looks += 1
            let variables = FileManager.default.contents(atPath: "/proc/\(process)/environ")
            if variables?.range(of: Data(text.utf8)) != nil { findings.append("environment of \(process)") }
        }
    }
}
