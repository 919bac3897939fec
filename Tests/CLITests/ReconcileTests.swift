import DeploymentModel
import Docker
import Git
import JSON
import TestSupport
import Testing

/// The main job, on a real engine, a real OCI registry and real git.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct ReconcileTests {
    @Test func `the sample registry is built, pinned, started, tested and recorded, and then there is nothing to do`()
        async throws
    {
        try await Sample.with(["text_stats", "media_metadata", "text_hash"]) { sample in
            let before = try #require(try await sample.fixture.text(sample.spec("stats")))
            let first = try await sample.reconcile("--json")
            #expect(first.exitCode == 0, "\(first.stderr)")
            let report = try first.json()
            #expect(report["counts"]?["build"]?.intValue == 4)
            #expect(report["counts"]?["pin"]?.intValue == 3)
            #expect(report["counts"]?["smoke"]?.intValue == 3)

            try await checkPins(sample, before: before)
            let containers = try await sample.containers()
            #expect(containers.count == 3)
            #expect(containers.allSatisfy { $0.isRunning && $0.hostPort != nil })

            let tip = try await sample.fixture.repository.commit(at: "main").id
            let records = try await sample.fixture.repository.commit(at: "refs/pinion/env/local").id
            let second = try await sample.reconcile()
            #expect(second.exitCode == 0)
            #expect(second.stdout == "Nothing to do: 3 processors as they should be.\n")
            #expect(try await sample.fixture.repository.commit(at: "main").id == tip)
            #expect(try await sample.fixture.repository.commit(at: "refs/pinion/env/local").id == records)
            #expect(try await sample.containers() == containers)

            try await sample.fixture.commit([
                "registry/processors/\(sample.namespace)_stats/app/changed.py": "# changed\n"
            ])
            let third = try await sample.reconcile("--json")
            #expect(third.exitCode == 0, "\(third.stderr)")
            #expect(try third.json()["counts"]?["build"]?.intValue == 2)
            let after = try await sample.containers()
            #expect(after.count == 3)
            #expect(
                Set(after.map(\.id)).intersection(containers.map(\.id)).count == 2, "only the changed one is restarted")
            #expect(try await sample.reconcile().stdout.hasPrefix("Nothing to do"))
        }
    }

    /// An independent tool agrees with every digest, and the file changed in nothing else.
    private func checkPins(_ sample: Sample, before: String) async throws {
        for (name, repository) in [
            ("stats", "\(sample.namespace)-stats"), ("metadata", "\(sample.namespace)-metadata"),
        ] {
            let text = try #require(try await sample.fixture.text(sample.spec(name)))
            for platform in Platform.allCases {
                let line = try #require(text.split(separator: "\n").first { $0.contains("    \(platform): ") })
                let image = try ImageReference(String(try #require(line.split(separator: " ").last)))
                #expect(image.path == "\(sample.namespace)/\(repository)")
                let digest = try #require(image.digest)
                let (hash, config) = try await Skopeo.look(at: image)
                #expect(hash == digest.description)
                #expect(config["architecture"]?.stringValue == platform.rawValue)
                let machines = try await Skopeo.machines(in: image)
                #expect(machines == [platform == .amd64 ? 62 : 183], "\(image)")
            }
        }
        let after = try #require(try await sample.fixture.text(sample.spec("stats")))
        let (old, new) = (before.split(separator: "\n"), after.split(separator: "\n"))
        #expect(old.count == new.count)
        let changed = zip(old, new).filter { $0 != $1 }
        #expect(changed.map { String($0.0) } == ["    amd64: sha256:pending", "    arm64: sha256:pending"])
        #expect(changed.allSatisfy { $0.1.hasPrefix("    a") && $0.1.contains("@sha256:") })
    }

    @Test func `a container that was killed comes back, without a build and without a commit`() async throws {
        try await Sample.with(["text_hash"], pins: "record") { sample in
            #expect(try await sample.reconcile().succeeded())
            let container = try #require(try await sample.containers().first)
            try await Sample.engine().remove(container.id, graceSeconds: 0)
            let plan = try await Pinion.run(["plan", "--repo", sample.path, "--detailed-exitcode"])
            #expect(plan.exitCode == 2)
            #expect(plan.stdout.contains("not running"))
            let again = try await sample.reconcile("--json")
            #expect(again.exitCode == 0, "\(again.stderr)")
            #expect(try again.json()["counts"]?["pin"] == nil)
            #expect(try await sample.containers().count == 1)
            let plain = try await Pinion.run(["plan", "--repo", sample.path, "--detailed-exitcode"])
            #expect(plain.exitCode == 0)
        }
    }

    @Test func `pins of a branch that is checked out go to a branch of their own`() async throws {
        try await Sample.with(["text_hash"]) { sample in
            let checkout = sample.fixture.folder.path + "/checkout"
            let clone = try await Pinion.run("git", ["clone", "--quiet", sample.path, checkout])
            #expect(clone.exitCode == 0, "\(clone.stderr)")
            let tip = try await Pinion.run("git", ["-C", checkout, "rev-parse", "main"]).stdout
            let run = try await Pinion.run(["reconcile"], in: checkout)
            #expect(run.exitCode == 0, "\(run.stderr)")
            #expect(run.stderr.contains("git merge pinion/pins/main"))
            #expect(try await Pinion.run("git", ["-C", checkout, "rev-parse", "main"]).stdout == tip)
            #expect(try await Pinion.run("git", ["-C", checkout, "status", "--porcelain"]).stdout.isEmpty)
            let log = try await Pinion.run("git", ["-C", checkout, "log", "--format=%s", "main..pinion/pins/main"])
            #expect(log.stdout == "pin: \(sample.namespace)/hash@1\n")
            #expect(try await Pinion.run(["reconcile"], in: checkout).stdout.hasPrefix("Nothing to do"))
        }
    }

    @Test func `status shows what runs, as a table and as JSON`() async throws {
        try await Sample.with(["text_hash"], pins: "record") { sample in
            #expect(try await sample.reconcile().succeeded())
            let table = try await Pinion.run(["status", "--repo", sample.path])
            #expect(table.stdout.contains("\(sample.namespace)/hash@1"))
            let rows = try await Pinion.run(["status", "--repo", sample.path, "--json"]).json()
            let own = rows.arrayValue?.first { $0["ref"]?.stringValue == "\(sample.namespace)/hash@1" }
            #expect(own?["state"]?.stringValue == "running")
            #expect(own?["isTested"]?.boolValue == true)
        }
    }

    @Test func `events are JSON lines that start with a version and end with the report`() async throws {
        try await Sample.with(["text_hash"], pins: "record") { sample in
            let run = try await sample.reconcile("--events")
            #expect(run.exitCode == 0, "\(run.stderr)")
            let lines = try run.stdout.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
            #expect(lines.first?["type"]?.stringValue == "version")
            #expect(lines.last?["type"]?.stringValue == "report")
            #expect(lines.dropFirst().dropLast().allSatisfy { $0["type"]?.stringValue == "event" })
            #expect(lines.count > 6)
        }
    }
}
