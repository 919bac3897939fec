import DeploymentModel
import FoundationEssentials
import Git
import JSON
import Records
import TestSupport
import Testing

/// Leases, history and differences of environments from the command line, and records in a repository of their own.
@Suite(.tags(.medium))
struct RecordsCommandTests {
    private static let ref = "text/stats@1"
    private static let files = [
        "pipelines/environments.yaml": """
        environments:
          local: {target: docker, registry: "127.0.0.1:1/x"}
          dev: {target: docker, registry: "127.0.0.1:1/x"}
        """,
        "registry/processors/text_stats.yaml": "ref: \(ref)\nimage: {oci: \"ghcr.io/a/b:1\"}\n",
    ]

    private func store(at path: String, time: Int64 = 1_700_000_000) throws -> GitStateStore {
        let repository = try GitRepository(at: path)
        return GitStateStore(SharedReferences(of: repository), as: RepositoryFixture.authorship, time: { time })
    }

    private func record(
        _ ref: String = ref, image: String = "one", spec: String = "s1", version: Int? = nil,
        evidence: [Evidence] = [], hold: RefRecord.Hold? = nil
    ) throws -> RefRecord {
        let pin = try ImageReference("ghcr.io/a/b").pinned(to: SimulatedWorld.digest(image))
        let revision = RefRecord.Revision(commit: "c0ffee0", specHash: spec, pins: [.amd64: pin], keys: [:])
        return RefRecord(
            ref: try ProcessorRef(ref), desired: revision, applied: revision,
            binding: RefRecord.Binding(name: "n", platform: .amd64, imageID: "i", version: version),
            evidence: evidence, hold: hold)
    }

    private func proof(of image: String) -> Evidence {
        Evidence(
            digest: SimulatedWorld.digest(image), platform: .amd64, specHash: "s1", adapter: "modal", mode: "mock",
            transport: .ws)
    }

    private func run(_ fixture: RepositoryFixture, _ arguments: String...) async throws -> Pinion.Outcome {
        try await Pinion.run(arguments + ["--repo", fixture.path])
    }

    @Test func `who holds what is listed, and released with a word about whose it was`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let now = Int64(Date().timeIntervalSince1970)
        let lease = try await store(at: fixture.path, time: now).acquire(
            [try ProcessorRef(Self.ref)], environment: "dev",
            for: LeaseHolder(holder: "Ann", host: "one", run: "r1"), seconds: 500)
        let list = try await run(fixture, "lease", "list", "--env", "dev")
        #expect(list.exitCode == 0, "\(list.stderr)")
        #expect(list.stdout.contains("r1   Ann     one   \(lease.end)  text/stats@1"))
        let json = try await run(fixture, "lease", "list", "--env", "dev", "--json").json()
        #expect(json[0]?["holder"]?.stringValue == "Ann")
        #expect(json[0]?["epoch"]?.intValue == 1)

        let unknown = try await run(fixture, "lease", "release", "--env", "dev", "--run", "r2")
        #expect(unknown.exitCode == 4)
        let release = try await run(fixture, "lease", "release", "--env", "dev", "--run", "r1")
        #expect(release.exitCode == 0, "\(release.stderr)")
        #expect(release.stdout == "released text/stats@1: held by Ann on one until \(lease.end)\n")
        #expect(try await run(fixture, "lease", "list", "--env", "dev", "--json").json() == .array([]))
    }

    @Test func `the history of an environment tells what each commit changed, and leaves leases out`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let store = try store(at: fixture.path)
        _ = try await store.write(
            [record(version: 1, evidence: [proof(of: "one")]), record("text/other@1")], environment: "dev",
            message: "dev: first\n\nPinion-Run: r1\n")
        let lease = try await store.acquire(
            [try ProcessorRef(Self.ref)], environment: "dev", for: LeaseHolder(holder: "Ann", host: "one", run: "r2"),
            seconds: 500)
        let hold = RefRecord.Hold(from: try record().desired, by: "Ann", since: 1, reason: "it\u{1B}[2J broke")
        _ = try await store.write(
            [record(image: "two", spec: "s2", version: 2, hold: hold)], environment: "dev",
            message: "dev: second\n\nPinion-Run: r2\n", under: lease, releasing: true)

        let text = try await run(fixture, "history", "--env", "dev")
        #expect(text.exitCode == 0, "\(text.stderr)")
        let (one, two) = (SimulatedWorld.digest("one").short, SimulatedWorld.digest("two").short)
        let lines = text.stdout.split(separator: "\n").map(String.init)
        try #require(lines.count > 8)
        #expect(lines[0].hasSuffix("2023-11-14T22:13:20Z  Test <test@example.com>  run r2  dev: second"))
        #expect(
            Array(lines[1...7]) == [
                "  text/stats@1", "    desired amd64  \(one) → \(two)", "    applied amd64  \(one) → \(two)",
                "    spec  s1 → s2", "    version  1 → 2", "    revoked  modal/mock amd64 \(one)",
                "    held by Ann: it\\u{1B}[2J broke",
            ])
        #expect(lines[8].hasSuffix("run r1  dev: first"))

        let json = try await run(fixture, "history", "--env", "dev", "--json").json().arrayValue ?? []
        try #require(json.map { $0["run"]?.stringValue } == ["r2", "r1"])
        #expect(json.map { $0["changes"]?.arrayValue?.count } == [1, 2])
        #expect(json[1]["changes"]?[1]?["facts"]?[0]?["from"] == nil)
        let other = try await run(fixture, "history", "--env", "dev", "text/other@1", "--json").json().arrayValue
        try #require(other?.count == 1)
        #expect(other?[0]["changes"]?.arrayValue?.count == 1)
        #expect(try await run(fixture, "history", "--env", "dev", "-n", "1", "--json").json().arrayValue?.count == 1)
        #expect(try await run(fixture, "history", "--env", "nowhere").exitCode == 4)
    }

    @Test func `two environments are compared by digest and spec, whichever commit they were read from`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let store = try store(at: fixture.path)
        for environment in ["dev", "local"] {
            _ = try await store.write(
                [record(), record("text/other@1")], environment: environment, message: environment)
        }
        let same = try await run(fixture, "diff", "dev", "local", "--detailed-exitcode")
        #expect(same.exitCode == 0, "\(same.stderr)")
        #expect(same.stdout == "✓ dev and local are the same: 2 processors\n")
        _ = try await store.write([record(image: "two")], environment: "dev", message: "dev")
        #expect(try await run(fixture, "diff", "dev", "local").succeeded())
        let differs = try await run(fixture, "diff", "dev", "local", "--detailed-exitcode")
        #expect(differs.exitCode == 2)
        #expect(differs.stdout.hasSuffix("\n1 processor differs, 1 is the same\n"))
        #expect(differs.stdout.contains(SimulatedWorld.digest("two").short))
        let json = try await run(fixture, "diff", "dev", "local", "--json").json()
        #expect(json["entries"]?.arrayValue?.count == 1)
        #expect(json["entries"]?[0]?["second"]?["desired"]?["commit"]?.stringValue == "c0ffee0")
        #expect(json["same"]?.intValue == 1)
    }

    @Test(arguments: ["dev", "local"])
    func `records and leases in another repository leave the one of the specs alone`(environment: String) async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let state = try await RepositoryFixture()
        let hold = RefRecord.Hold(from: try record(image: "two").desired, by: "Ann", since: 1, reason: nil)
        _ = try await store(at: state.path).write([record(hold: hold)], environment: environment, message: "m")
        let release = try await run(
            fixture, "hold", "release", Self.ref, "--env", environment, "--state-repo", state.path)
        #expect(release.exitCode == 0, "\(release.stderr)")
        #expect(try await store(at: state.path).records(of: environment).values.first?.hold == nil)
        #expect(try await fixture.repository.references(under: "refs/pinion").isEmpty)
        let history = try await run(fixture, "history", "--env", environment, "--state-repo", state.path, "--json")
        #expect(try history.json().arrayValue?.count == 2)
        let missing = try await run(fixture, "history", "--env", environment, "--state-repo", state.path + "x")
        #expect(missing.stderr.contains("git init --bare"))
    }

    @Test func `the same bytes in two OCI registries are no difference`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let store = try store(at: fixture.path)
        let one = try record()
        let pins = one.desired.pins.mapValues { ImageReference(registry: "quay.io", path: "c/d", digest: $0.digest) }
        let moved = RefRecord.Revision(commit: "c0ffee0", specHash: "s1", pins: pins, keys: [:])
        let other = RefRecord(ref: one.ref, desired: moved, applied: moved, binding: one.binding, evidence: [])
        for (environment, record) in [("dev", one), ("local", other)] {
            _ = try await store.write([record], environment: environment, message: environment)
        }
        #expect(try await run(fixture, "diff", "dev", "local", "--detailed-exitcode").exitCode == 0)
    }

    @Test(arguments: [["hold", "release"], ["rollback"], ["verify"]])
    func `records that another run holds are left as they are, with who holds them`(command: [String]) async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let now = Int64(Date().timeIntervalSince1970)
        let store = try store(at: fixture.path, time: now)
        _ = try await store.write([record(image: "two")], environment: "dev", message: "m")
        let hold = RefRecord.Hold(from: try record(image: "three").desired, by: "Ann", since: 1, reason: nil)
        let held = try record(hold: hold)
        _ = try await store.write([held], environment: "dev", message: "m")
        let other = LeaseHolder(holder: "Bob", host: "two", run: "r2")
        let lease = try await store.acquire([held.ref], environment: "dev", for: other, seconds: 500)
        let refused = try await Pinion.run(command + [Self.ref, "--env", "dev", "--repo", fixture.path])
        #expect(refused.exitCode == 3, "\(refused.stdout) \(refused.stderr)")
        #expect(refused.stderr.contains("held by Bob on two, run r2, until \(lease.end)"), "\(refused.stderr)")
        #expect(try await store.records(of: "dev")[held.ref] == held)
        #expect(try await store.leases(of: "dev") == [lease])
    }

    @Test func `what can't be released or rolled back is said, and nobody takes a lease for it`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        _ = try await store(at: fixture.path).write([record()], environment: "dev", message: "m")
        let tip = try await fixture.repository.target(of: "refs/pinion/env/dev")
        #expect(try await run(fixture, "hold", "release", Self.ref, "--env", "dev").exitCode == 4)
        #expect(try await run(fixture, "rollback", Self.ref, "--env", "dev").exitCode == 4)
        #expect(try await fixture.repository.target(of: "refs/pinion/env/dev") == tip)
    }

    @Test func `environments that don't belong together are refused, and those that are not described not found`()
        async throws
    {
        let fixture = try await RepositoryFixture(Self.files)
        for (from, to, code) in [("local", "dev", 3), ("local", "moon", 4), ("moon", "dev", 4)] {
            let run = try await run(fixture, "promote", "--from", from, "--to", to)
            #expect(run.exitCode == code, "\(from) \(to): \(run.stderr)")
        }
        #expect(try await run(fixture, "approve", Self.ref, "--env", "dev").exitCode == 3)
    }

    @Test func `a git remote that wants a log-in ends with the code for that, on either way`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let origin = try GitCheckout(Self.files)
        let server = try GitServer(root: origin.folder.path, user: "ann", password: "right")
        let home = try TemporaryFolder()
        let variables: [String: String?] = [
            "HOME": home.path, "XDG_CACHE_HOME": home.path, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": nil,
        ]
        for user in ["", "ann:wrong@"] {
            let address = "http://\(user)127.0.0.1:\(server.http)/work/.git"
            for more in [["--repo", address], ["--repo", fixture.path, "--state-repo", address]] {
                let run = try await Pinion.run(["hold", "list", "--env", "dev"] + more, environment: variables)
                #expect(run.exitCode == 77, "\(more): \(run.stderr)")
                #expect(!run.stderr.contains("wrong"), "\(run.stderr)")
            }
        }
    }

    @Test func `records at an address are pushed there`() async throws {
        let fixture = try await RepositoryFixture(Self.files)
        let origin = try GitCheckout(["a": "1"])
        let bare = origin.folder.path + "/state.git"
        try origin.git(["clone", "--quiet", "--bare", origin.path, bare])
        let hold = RefRecord.Hold(from: try record(image: "two").desired, by: "Ann", since: 1, reason: nil)
        _ = try await store(at: bare).write([record(hold: hold)], environment: "dev", message: "m")
        let server = try GitServer(root: origin.folder.path)
        let home = try TemporaryFolder()
        let address = "http://127.0.0.1:\(server.http)/state.git"
        try origin.git(["config", "http.receivepack", "true"], in: bare)
        let release = try await Pinion.run(
            ["hold", "release", Self.ref, "--env", "dev", "--state-repo", address, "--repo", fixture.path],
            environment: ["XDG_CACHE_HOME": home.path])
        #expect(release.exitCode == 0, "\(release.stderr)")
        #expect(try await store(at: bare).records(of: "dev").values.first?.hold == nil)
        #expect(try await fixture.repository.references(under: "refs/pinion").isEmpty)
    }
}

/// A run that is killed in the middle, on a real engine.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct KilledRunTests {
    @Test func `a run that is killed between any two steps is made good by the next one`() async throws {
        try await Sample.with(["text_hash"], pins: "record") { sample in
            let home = try TemporaryFolder()
            let journals = { (try? FileManager.default.subpathsOfDirectory(atPath: home.path))?.sorted() ?? [] }
            var killed = 0
            for write in 1...32 {
                let run = try await sample.reconcile(
                    environment: ["XDG_STATE_HOME": home.path, "PINION_KILL_AT": "\(write)"])
                if run.exitCode == 0 { break }
                try #require(run.exitCode == -1, "\(run.stderr)")
                killed += 1
            }
            #expect(killed > 0)
            #expect(try await sample.reconcile().stdout.hasPrefix("Nothing to do"))
            #expect(try await sample.containers().count == 1)
            let last = try #require(journals().last { $0.hasSuffix("journal.jsonl") })
            let text = try String(contentsOfFile: home.path + "/" + last, encoding: .utf8)
            #expect(text.contains(#""kind":"intent""#))
        }
    }
}

/// Leases on the stand-in of Modal, from the command line.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct ModalLeaseTests {
    @Test func `another run's processors are left alone until it is gone, and no journal has a value`() async throws {
        let lane = try await ModalLane(["llm_litellm"])
        let ref = try ProcessorRef(lane.ref("litellm"))
        let repository = try GitRepository(at: lane.sample.path)
        let store = GitStateStore(
            SharedReferences(of: repository), as: RepositoryFixture.authorship,
            time: { Int64(Date().timeIntervalSince1970) })
        let other = LeaseHolder(holder: "Bob", host: "two", run: "r2")
        let lease = try await store.acquire([ref], environment: "staging", for: other, seconds: 3_600)
        let refused = try await lane.reconcile("--sync-secrets", with: ["OPENAI_API_KEY": ModalLane.canary])
        #expect(refused.exitCode == 3, "\(refused.stderr)")
        #expect(refused.stderr.contains("held by Bob on two, run r2, until \(lease.end)"))
        #expect(try await lane.modal("secret", "list", "--json").json() == .array([]))
        #expect(try await store.leases(of: "staging") == [lease])

        let release = try await lane.pinion("lease", "release", "--run", "r2")
        #expect(release.exitCode == 0, "\(release.stderr)")
        let applied = try await lane.reconcile("--sync-secrets", with: ["OPENAI_API_KEY": ModalLane.canary])
        #expect(applied.exitCode == 0, "\(applied.stderr)")
        #expect(try await store.leases(of: "staging").isEmpty)
        let tip = try await repository.commit(at: "refs/pinion/env/staging").id
        #expect(try await lane.reconcile().stdout.hasPrefix("Nothing to do"))
        #expect(try await repository.commit(at: "refs/pinion/env/staging").id == tip)

        let rotated = try await lane.pinion(
            "sync_secrets", "--all", with: ["OPENAI_API_KEY": ModalLane.canary + "-2"])
        #expect(rotated.exitCode == 0, "\(rotated.stderr)")
        #expect(rotated.stdout.contains("\(lane.app("litellm"))  rolled over"))
        #expect(try await store.leases(of: "staging").isEmpty)
        #expect(try await store.records(of: "staging")[ref]?.binding?.version == 2)

        let files = try FileManager.default.subpathsOfDirectory(atPath: lane.home.path)
            .filter { $0.hasSuffix("journal.jsonl") }
        #expect(files.count >= 2)
        for file in files {
            let text = try String(contentsOfFile: lane.home.path + "/" + file, encoding: .utf8)
            #expect(!text.contains(ModalLane.canary))
        }
    }
}
