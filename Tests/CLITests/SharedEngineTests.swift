import DeploymentModel
import Docker
import TestSupport
import Testing

/// Several environments, and several clones, on one engine.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct SharedEngineTests {
    private static let environments = """
        environments:
          staging: {target: docker, registry: "\(Components.registry)/NS", branch: main, pins: record}
          main: {target: docker, registry: "\(Components.registry)/NS", promotes_from: staging}
        """

    private static func with(_ body: (Sample) async throws -> Void) async throws {
        try await Sample.with(
            ["text_stats"], pins: "record", more: ["pipelines/environments.yaml": environments], body)
    }

    private func pinion(_ sample: Sample, _ arguments: String...) async throws -> Pinion.Outcome {
        try await Pinion.run(arguments + ["--repo", sample.path])
    }

    /// That no environment has anything to do, nor sees that another one took something from it.
    private func expectPeace(_ sample: Sample, _ when: String) async throws {
        for environment in ["staging", "main"] {
            let plan = try await pinion(sample, "plan", "--env", environment, "--detailed-exitcode")
            #expect(plan.exitCode == 0, "\(when), \(environment): \(plan.stdout)")
            let drift = try await pinion(sample, "drift", "--env", environment, "--detailed-exitcode")
            #expect(drift.exitCode == 0, "\(when), \(environment): \(drift.stdout)")
        }
    }

    @Test func `environments have a container each, and take nothing from each other`() async throws {
        try await Self.with { sample in
            let ref = "\(sample.namespace)/stats@1"
            let spec = sample.spec("stats")
            let folder = "registry/processors/\(sample.namespace)_stats"
            func reconcile(_ environment: String = "staging") async throws {
                #expect(try await pinion(sample, "reconcile", "--env", environment).succeeded())
            }
            func promote() async throws {
                let run = try await pinion(sample, "promote", "--from", "staging", "--to", "main")
                #expect(run.exitCode == 0, "\(run.stderr)")
                #expect(run.stdout.contains("✓ main: 1 changed"), "\(run.stdout)")
            }
            func container(_ environment: String) async throws -> ObservedContainer {
                let own = try await sample.containers().filter { $0.owner?.environment == environment }
                #expect(own.count == 1)
                return try #require(own.first)
            }
            try await reconcile()
            try await promote()
            let (first, promoted) = (try await container("staging"), try await container("main"))
            #expect(promoted.imageID == first.imageID && promoted.name.hasPrefix(first.name + "-"))
            try await expectPeace(sample, "the same")

            try await Sample.engine().stop(promoted.id, graceSeconds: 0)
            let drift = try await pinion(sample, "drift", "--env", "main", "--detailed-exitcode")
            #expect(drift.exitCode == 2, "\(drift.stdout)")
            let status = try await pinion(sample, "status", "--env", "main").stdout
            #expect(status.contains("stopped") && !status.contains("127.0.0.1:\(first.hostPort ?? 0)"), "\(status)")
            try await reconcile("main")
            let restarted = try await container("main")
            #expect(restarted.isRunning && restarted.id != promoted.id && restarted.name == promoted.name)
            try await expectPeace(sample, "started again")

            try await sample.fixture.commit(["\(folder)/app/more.py": "# more\n"])
            try await reconcile()
            #expect(try await container("main").id == restarted.id)
            try await expectPeace(sample, "another image")
            try await promote()
            try await expectPeace(sample, "promoted")
            #expect(try await container("main").imageID == container("staging").imageID)

            let text = try #require(try await sample.fixture.text(spec))
            try await sample.fixture.commit([spec: text.replacing("memory_gb: 1", with: "memory_gb: 2")])
            try await reconcile()
            try await expectPeace(sample, "another spec")
            #expect(try await pinion(sample, "rollback", "--env", "staging", ref).succeeded())

            let url = try await Pinion.run(["localctl", "url", "--ref", ref])
            let logs = try await Pinion.run(["localctl", "logs", "--ref", ref])
            #expect(url.stderr.contains("one of 2") && url.stderr == logs.stderr)
        }
    }

    @Test func `clones leave each other's containers alone`() async throws {
        try await Self.with { sample in
            let clone = sample.fixture.folder.path + "/clone.git"
            let cloned = try await Pinion.run("git", ["clone", "--quiet", "--bare", sample.path, clone])
            try #require(cloned.exitCode == 0, "\(cloned.stderr)")
            #expect(try await pinion(sample, "reconcile", "--env", "staging").succeeded())
            let own = try #require(try await sample.containers().first)
            let other = try await Pinion.run(["reconcile", "--env", "staging", "--repo", clone])
            #expect(other.succeeded())
            let containers = try await sample.containers()
            #expect(containers.count == 2 && Set(containers.map(\.imageID)).count == 1)
            #expect(Set(containers.compactMap(\.owner?.repository)).count == 2)

            let text = try #require(try await sample.fixture.text(sample.spec("stats")))
            try await sample.fixture.commit([sample.spec("stats"): text.replacing("memory_gb: 1", with: "memory_gb: 2")]
            )
            #expect(try await pinion(sample, "reconcile", "--env", "staging").succeeded())
            let drift = try await Pinion.run(["drift", "--env", "staging", "--repo", clone, "--detailed-exitcode"])
            #expect(drift.exitCode == 0, "\(drift.stdout)")
            #expect(try await !sample.containers().map(\.id).contains(own.id), "its own it did replace")
            let status = try await Pinion.run(["localctl", "status", "--ref", "\(sample.namespace)/stats@1"]).stdout
            #expect(status.contains("staging of \(clone)/"), "\(status)")
        }
    }

    @Test func `users of one remote have one staging, and a local of their own each`() async throws {
        try await Self.with { sample in
            let clone = sample.fixture.folder.path + "/clone.git"
            let cloned = try await Pinion.run("git", ["clone", "--quiet", "--bare", sample.path, clone])
            try #require(cloned.exitCode == 0, "\(cloned.stderr)")
            let caches = [try TemporaryFolder(), try TemporaryFolder()]
            for environment in ["local", "staging"] {
                for cache in caches {
                    let run = try await Pinion.run(
                        ["reconcile", "--env", environment, "--repo", clone, "--remote", "origin"],
                        environment: ["XDG_CACHE_HOME": cache.path])
                    #expect(run.succeeded())
                }
            }
            let owners = try await sample.containers().compactMap(\.owner)
            let own = Set(owners.filter { $0.environment == "local" }.map(\.repository))
            #expect(own.count == 2 && own.allSatisfy { path in caches.contains { path.hasPrefix($0.path) } }, "\(own)")
            #expect(owners.filter { $0.environment == "staging" }.map(\.repository) == ["\(sample.path)/"])
        }
    }

    @Test func `an unknown key is said again when a run is done, and a run says where its files are`() async throws {
        try await Self.with { sample in
            let text = try #require(try await sample.fixture.text(sample.spec("stats")))
            try await sample.fixture.commit([sample.spec("stats"): text.replacing("\nruntime:", with: "\nruntme:")])
            for end in ["✓ staging: 1 changed", "Nothing to do"] {
                let run = try await pinion(sample, "reconcile", "--env", "staging")
                #expect(run.exitCode == 0)
                #expect(run.stdout.contains(": 'runtme' is not known here (did you mean 'runtime'?)"), "\(run.stdout)")
                #expect(run.stdout.contains(end), "\(run.stdout)")
            }
            let home = try TemporaryFolder()
            let run = try await Pinion.run(
                [
                    "run", "--env", "staging", "--ref", "\(sample.namespace)/stats@1", "--mode", "mock", "--repo",
                    sample.path,
                ],
                environment: ["XDG_DATA_HOME": home.path])
            #expect(
                run.stdout.contains("on this host below \(home.path)/pinion/world/tree, or"),
                "\(run.stdout) \(run.stderr)")
        }
    }
}
