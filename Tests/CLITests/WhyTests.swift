import DeploymentModel
import FoundationEssentials
import Git
import JSON
import Records
import RegistryCatalog
import TestSupport
import Testing

/// The chain from the commit to the deployment, out of git alone. Times and authors are fixed, and so are all ids.
@Suite(.tags(.medium))
struct WhyTests {
    private static let folder = "registry/processors/text_stats"
    private static let ref = "text/stats@1"

    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// A repository in which it went from dev to staging to main, as far as a test lets it.
    private struct Way {
        let fixture: RepositoryFixture
        let build: BuildInputs
        let spec: Processor

        static func environments(_ gates: String = "{}") -> String {
            """
            environments:
              dev: {target: modal, registry: ghcr.io/acme, app_names: ref, branch: main}
              staging: {target: modal, registry: ghcr.io/acme, promotes_from: dev}
              main: {target: modal, registry: ghcr.io/acme, promotes_from: staging, gates: \(gates)}
            """
        }

        static func text(pinned: Bool) -> String {
            let pins = pinned ? Platform.allCases.map { "\($0): \"\(image($0))\"" }.joined(separator: ", ") : ""
            return "ref: \(ref)\nimage: {platforms: {\(pins)}}\nbuild: {context: .}\n"
        }

        init(gates: String = "{}", pinned: Bool = true) async throws {
            fixture = try await RepositoryFixture([
                "pipelines/environments.yaml": Self.environments(gates),
                "\(folder)/registry.yaml": Self.text(pinned: false), "\(folder)/main.py": "print(1)\n",
                "\(folder)/Dockerfile": "FROM python:3.12\nCOPY main.py /\n",
            ])
            let catalog = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
            let spec = try #require(catalog.processors.first)
            build = try await BuildInputs(
                of: spec, #require(spec.build), at: catalog.commit.id, in: fixture.repository)
            self.spec = try spec.processor()
            guard pinned else { return }
            let trailers = Platform.allCases.flatMap { platform in
                [
                    "Pinion-Platform: \(platform.oci) \(Self.image(platform))",
                    "Pinion-Input-Key: \(platform.oci) \(build.keys[platform]?.hex ?? "")",
                ]
            }
            try await fixture.commit(
                ["\(folder)/registry.yaml": Self.text(pinned: true)],
                message: (["pin: \(ref)", "", "Pinion-Ref: \(ref)"] + trailers).joined(separator: "\n") + "\n")
        }

        static func image(_ platform: Platform, _ text: String = "one") -> ImageReference {
            ImageReference(
                registry: "ghcr.io", path: "acme/text-stats", digest: SimulatedWorld.digest("\(text) \(platform)"))
        }

        func store(at time: Int64) -> GitStateStore {
            GitStateStore(
                SharedReferences(of: fixture.repository), as: RepositoryFixture.authorship, time: { time })
        }

        /// Records both builds.
        func built() async throws {
            for platform in Platform.allCases {
                let record = BuildRecord(
                    key: try #require(build.keys[platform]), ref: spec.ref, platform: platform,
                    image: Self.image(platform), commit: "1111111111111111111111111111111111111111",
                    builder: "buildx 0.13",
                    bases: [
                        ImageReference(
                            registry: "docker.io", path: "library/python", tag: "3.12",
                            digest: SimulatedWorld.digest("base"))
                    ])
                _ = try await store(at: 1_700_000_100).keep(record, replacing: nil)
            }
        }

        func revision(_ text: String = "one") async throws -> RefRecord.Revision {
            RefRecord.Revision(
                commit: try await fixture.repository.commit(at: "main").id.hex, specHash: spec.specHash,
                pins: [.amd64: Self.image(.amd64, text), .arm64: Self.image(.arm64, text)], keys: build.keys)
        }

        func proof(_ adapter: String = "modal", at time: Int = 1_700_000_200) -> Evidence {
            Evidence(
                digest: SimulatedWorld.digest("one amd64"), platform: .amd64, specHash: spec.specHash,
                adapter: adapter, mode: "mock", transport: .ws, testedAt: time)
        }

        /// Records it in an environment: wanted, and run unless a test says otherwise.
        func record(
            in environment: String, from source: String? = nil, runs: Bool = true, evidence: [Evidence]? = nil,
            hold: RefRecord.Hold? = nil, at time: Int64 = 1_700_000_300
        ) async throws {
            let revision = try await revision()
            let binding = RefRecord.Binding(
                name: "text-stats-v1", platform: .amd64, imageID: "im-1", function: "exec__text_stats__v1", version: 3)
            let record = RefRecord(
                ref: spec.ref, desired: revision, applied: runs ? revision : nil, binding: runs ? binding : nil,
                evidence: evidence ?? [proof()], hold: hold)
            let promoted = source.map { "Pinion-Promoted-From: \($0)\n" } ?? ""
            _ = try await store(at: time).write(
                [record], environment: environment,
                message: "\(environment): \(ref)\n\nPinion-Run: run-\(environment)\n\(promoted)")
        }

        func why(_ more: String..., env: String = "main") async throws -> Pinion.Outcome {
            try await Pinion.run(["why", ref, "--env", env, "--repo", fixture.path] + more)
        }

        /// Which link is missing, where, and why.
        func block(env: String = "main") async throws -> (link: String, environment: String, reason: String) {
            let run = try await why("--json", "--detailed-exitcode", env: env)
            #expect(run.exitCode == 2, "\(run.stdout) \(run.stderr)")
            let block = try run.json()["block"]
            return (
                block?["link"]?.stringValue ?? "", block?["environment"]?.stringValue ?? "",
                block?["reason"]?.stringValue ?? ""
            )
        }
    }

    @Test func `the whole chain is told, for people and as JSON`() async throws {
        let way = try await Way()
        try await way.built()
        try await way.record(in: "dev")
        try await way.record(in: "staging", from: "dev", at: 1_700_000_400)
        try await way.record(in: "main", from: "staging", at: 1_700_000_500)
        let text = try await way.why("--detailed-exitcode")
        #expect(text.exitCode == 0, "\(text.stderr)")
        #expect(text.stdout.replacing(way.fixture.path, with: "PATH") == (try Self.golden("why.txt")))
        let json = try await way.why("--json").stdout.replacing(way.fixture.path, with: "PATH")
        #expect(try JSONValue(parsing: json) == JSONValue(parsing: Self.golden("why.json")))
    }

    /// What the command is to print.
    private static func golden(_ name: String) throws -> String {
        let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Golden/"
        return String(decoding: try Data(contentsOf: URL(filePath: folder + name)), as: UTF8.self)
    }

    @Test func `on the branch the first link that is missing is told`() async throws {
        let fresh = try await Way(pinned: false)
        #expect(try await fresh.block(env: "dev").link == "build")
        try await fresh.built()
        #expect(try await fresh.block(env: "dev").link == "pin")
        let way = try await Way()
        try await way.built()
        let idle = try await way.block(env: "dev")
        #expect(idle.link == "deployment" && idle.reason == "nothing of it was ever brought up in dev")
        #expect(try await way.block().environment == "dev", "main waits for staging, and that for dev")
        try await way.record(in: "dev")
        #expect(try await way.why("--detailed-exitcode", env: "dev").exitCode == 0)

        try await way.fixture.commit(["\(Self.folder)/main.py": "print(2)\n"], message: "Say two")
        let changed = try await way.block(env: "dev")
        #expect(changed.link == "build" && changed.reason.contains("linux/amd64, linux/arm64"), "\(changed)")
        let text = try await way.why(env: "dev").stdout
        #expect(text.contains("~ \(Self.folder)/main.py  ") && text.contains("Say two"), "\(text)")

        try await way.fixture.commit([
            "\(Self.folder)/registry.yaml": Way.text(pinned: true) + "enabled: false\n"
        ])
        #expect(try await way.block(env: "dev").reason.hasPrefix("it is disabled"))
        try await way.fixture.commit(["\(Self.folder)/registry.yaml": nil])
        let gone = try await way.block(env: "dev")
        #expect(gone.link == "catalog" && gone.reason.contains("there is no \(Self.ref)"))
        let unknown = try await Pinion.run(["why", "no/such@1", "--env", "dev", "--repo", way.fixture.path])
        #expect(unknown.exitCode == 4 && unknown.stderr.contains("no record of it"), "\(unknown.stderr)")
    }

    @Test func `what has neither digest nor build is unpinned`() async throws {
        let way = try await Way()
        try await way.fixture.commit(["\(Self.folder)/registry.yaml": "ref: \(Self.ref)\nimage: {platforms: {}}\n"])
        let block = try await way.block(env: "dev")
        #expect(block.link == "pin" && block.reason.hasPrefix("it is unpinned"), "\(block)")
    }

    @Test func `between environments promotion, evidence, age, holds and approvals are told`() async throws {
        let way = try await Way(gates: "{evidence: [modal/mock, local/mock], max_age: 24h}")
        try await way.built()
        try await way.record(in: "dev")
        let waiting = try await way.block(env: "staging")
        #expect(waiting.link == "promotion" && waiting.reason.contains("nobody has promoted it yet"), "\(waiting)")
        try await way.record(in: "staging", from: "dev")
        let now = Int(Self.now)
        let missing = try await way.block()
        #expect(missing.link == "evidence" && missing.environment == "main", "\(missing)")
        #expect(try await way.why().stdout.contains("local/mock: missing, asked for by the gate"))
        try await way.record(in: "staging", from: "dev", evidence: [way.proof(at: now), way.proof("local")])
        #expect(try await way.block().reason.contains("is older than main takes it (86400 s)"))
        #expect(try await way.why().stdout.contains(": stale, asked for by the gate"))
        try await way.record(in: "staging", from: "dev", evidence: [way.proof(at: now)])
        #expect(try await way.block().reason.contains("has no evidence local/mock"))
        #expect(try await way.why().stdout.contains("local/mock: revoked, asked for by the gate"))
        try await way.record(in: "staging", from: "dev", evidence: [way.proof(at: now), way.proof("local", at: now)])
        #expect(try await way.block().link == "promotion")
    }

    @Test func `an approval that is asked for is waited for`() async throws {
        let way = try await Way(gates: "{approvals: 1}")
        try await way.fixture.commit([".pinion/allowed_signers": "ada@example.com ssh-ed25519 AAAA\n"])
        try await way.built()
        try await way.record(in: "dev")
        try await way.record(in: "staging", from: "dev")
        let block = try await way.block()
        #expect(block.link == "approval" && block.reason.contains("has 0 of 1 approvals for main"), "\(block)")
    }

    @Test func `what is wanted and does not run is told, with who holds it`() async throws {
        let way = try await Way()
        try await way.built()
        try await way.record(in: "dev")
        try await way.record(in: "staging", from: "dev")
        try await way.record(in: "main", from: "staging", runs: false, evidence: [])
        let idle = try await way.block()
        #expect(idle.link == "deployment" && idle.reason.contains("does not run there: no test"), "\(idle)")
        let lease = try await way.store(at: Self.now).acquire(
            [way.spec.ref], environment: "main", for: LeaseHolder(holder: "Ann", host: "one", run: "r9"), seconds: 900)
        let held = try await way.block()
        #expect(held.link == "lease" && held.reason.contains("held by Ann on one, run r9, until \(lease.end)"))
    }

    @Test func `a hold is told where it keeps what would come next away`() async throws {
        let way = try await Way()
        try await way.built()
        try await way.record(in: "dev")
        try await way.record(in: "staging", from: "dev")
        let (one, two) = (try await way.revision(), try await way.revision("two"))
        let hold = RefRecord.Hold(from: one, by: "Ann", since: 1_700_000_600, reason: "empty answers")
        _ = try await way.store(at: 1_700_000_700).write(
            [RefRecord(ref: way.spec.ref, desired: two, applied: two, binding: nil, evidence: [], hold: hold)],
            environment: "main", message: "main: roll back\n")
        let run = try await way.why("--detailed-exitcode")
        #expect(run.exitCode == 0, "it runs what it wants: \(run.stdout)")
        #expect(run.stdout.contains("held      by Ann since 2023-11-14T22:23:20Z: empty answers; it keeps"))
        #expect(run.stdout.contains("main was rolled back from this revision"), "\(run.stdout)")
        let next = try await way.why("--json").json()["stages"]?[2]?["next"]
        #expect(next?["blocks"]?[0]?["link"] == "hold")
    }

    @Test func `a remote that can't be reached is told of as it was seen last`() async throws {
        let way = try await Way()
        try await way.built()
        try await way.record(in: "dev")
        let home = try TemporaryFolder()
        let server = try GitServer(root: way.fixture.folder.path)
        let url = "http://127.0.0.1:\(server.http)/registry.git"
        func why() async throws -> Pinion.Outcome {
            try await Pinion.run(
                ["why", Self.ref, "--env", "dev", "--repo", url, "--json"],
                environment: ["XDG_CACHE_HOME": home.path, "HOME": home.path])
        }
        let first = try await why()
        #expect(try first.json()["seen"]?["isFetched"] == true, "\(first.stderr)")
        server.end()
        let second = try await why()
        #expect(second.exitCode == 0, "\(second.stderr)")
        #expect(try second.json()["seen"]?["isFetched"] == false && second.json()["state"] == "runs")
        #expect(try second.json()["seen"]?["time"]?.stringValue != nil)
        #expect(try second.json()["stages"] == first.json()["stages"])
    }
}

/// The same of a processor that really went from dev to staging to main.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct WhyRealTests {
    private static let environments = """
        environments:
          dev: {target: modal, registry: "\(Components.registry)/NS", pins: record}
          staging: {target: modal, registry: "\(Components.registry)/NS", promotes_from: dev}
          main: {target: modal, registry: "\(Components.registry)/NS", promotes_from: staging}
        """

    @Test func `a clone of git alone tells how it came from dev to staging to main`() async throws {
        let lane = try await ModalLane(["text_stats"], more: ["pipelines/environments.yaml": Self.environments])
        let ref = lane.ref("stats")
        let user: [String: String?] = ["GIT_BRANCH": "main", "GIT_USER": "ada"]
        let up = try await lane.command("reconcile", "--env", "dev", with: user)
        try #require(up.exitCode == 0, "\(up.stderr)")
        for (from, to) in [("dev", "staging"), ("staging", "main")] {
            let run = try await lane.command("promote", "--from", from, "--to", to, with: user)
            try #require(run.exitCode == 0, "\(run.stderr)")
        }
        let clone = lane.home.path + "/clone.git"
        let cloned = try await Pinion.run("git", ["clone", "--quiet", "--mirror", lane.sample.path, clone])
        try #require(cloned.exitCode == 0, "\(cloned.stderr)")
        // Nothing but git is there.
        let nothing: [String: String?] = [
            "DOCKER_HOST": "tcp://127.0.0.1:1", "MODAL_SERVER_URL": "http://127.0.0.1:1", "MODAL_ENABLED": "0",
            "GIT_BRANCH": "main", "GIT_USER": "ada",
        ]
        let run = try await Pinion.run(
            ["why", ref, "--env", "main", "--repo", clone, "--json", "--detailed-exitcode"], environment: nothing)
        #expect(run.exitCode == 0, "\(run.stdout) \(run.stderr)")
        let why = try run.json()
        let stages = why["stages"]?.arrayValue ?? []
        try #require(stages.map { $0["environment"] } == ["dev", "staging", "main"])
        #expect(stages.map { $0["promotion"]?["from"]?.stringValue } == [nil, "dev", "staging"])
        #expect(stages.allSatisfy { $0["isSettled"] == true && $0["deployment"]?["version"] != nil })
        #expect(Set(stages.map { $0["runs"]?["pins"]?["linux/amd64"]?.stringValue }).count == 1)
        #expect(stages[0]["deployment"]?["name"]?.stringValue == "main-ada-\(lane.app("stats"))")
        let builds = why["builds"]?.arrayValue ?? []
        #expect(builds.map { $0["platform"] } == ["linux/amd64", "linux/arm64"])
        #expect(builds.map { $0["image"] } == ["linux/amd64", "linux/arm64"].map { stages[2]["runs"]?["pins"]?[$0] })
        #expect(why["changes"] == [] && why["state"] == "runs" && why["pin"]?["kind"] == "record")
        #expect(
            stages.prefix(2).allSatisfy { stage in
                stage["evidence"]?.arrayValue?.contains { $0["isNeeded"] == true && $0["state"] == "fresh" } == true
            })
    }
}
