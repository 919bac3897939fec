import DeploymentModel
import Reconciliation
import TestSupport
import Testing

@Suite(.tags(.small))
struct ReconciliationTests {
    let fixture = Fixture()

    @Test func `a first run builds both platforms, deploys, smoke-tests and records`() async throws {
        let plan = try await fixture.plan(Fixture.desired([Fixture.processor()]))
        #expect(plan.items.map(\.steps) == [[.build, .pin, .smoke, .deploy]])
        let report = await fixture.apply(plan)
        #expect(!report.hasFailures)
        let effects = fixture.effects
        #expect(Set(effects.prefix(2)) == ["build text/stats@1 amd64", "build text/stats@1 arm64"])
        #expect(effects.dropFirst(2).map { $0.split(separator: " ")[0] } == ["smoke", "pull", "start", "record"])
        let record = try #require(fixture.world.now.records[ProcessorRef("text/stats@1")])
        #expect(record.applied?.pins.keys.sorted() == [.amd64, .arm64])
        #expect(record.evidence.map(\.platform) == [.amd64])
    }

    @Test func `the plan of an applied plan is empty`() async throws {
        let desired = Fixture.desired(try [Fixture.processor(), Fixture.processor("llm/litellm@1")])
        await fixture.apply(try await fixture.plan(desired))
        let before = fixture.effects
        let second = try await fixture.plan(desired)
        #expect(second.isEmpty)
        #expect(second.unchanged.count == 2)
        await fixture.apply(second)
        #expect(fixture.effects == before)
    }

    @Test func `only the processor whose inputs changed is built again`() async throws {
        let other = try Fixture.processor("llm/litellm@1")
        await fixture.apply(try await fixture.plan(Fixture.desired([try Fixture.processor(), other])))
        let before = fixture.effects.count
        let plan = try await fixture.plan(Fixture.desired([try Fixture.processor(inputs: "two"), other]))
        #expect(plan.items.map(\.ref.description) == ["text/stats@1"])
        await fixture.apply(plan)
        #expect(fixture.effects.dropFirst(before).allSatisfy { !$0.contains("litellm") })
        let containers = fixture.world.now.containers.values.filter { $0.ref.name == "stats" }
        #expect(containers.count == 1)
    }

    @Test func `pins that the specs already hold are not committed again`() async throws {
        let first = Fixture.desired([try Fixture.processor()], pins: .commit)
        await fixture.apply(try await fixture.plan(first))
        let pins = try #require(fixture.world.now.pins.first).pins
        let second = try await fixture.plan(Fixture.desired([try Fixture.processor(pins: pins)], pins: .commit))
        #expect(second.isEmpty)
    }

    @Test func `a failed build of one platform pins nothing and leaves the others alone`() async throws {
        fixture.world.change { $0.faults["build text/stats@1 arm64"] = Failure(.imageBuild, "no") }
        let desired = Fixture.desired(try [Fixture.processor(), Fixture.processor("llm/litellm@1")], pins: .commit)
        let report = await fixture.apply(try await fixture.plan(desired))
        #expect(report.entries.map(\.status) == [.changed, .failed])
        #expect(fixture.world.now.pins.map(\.ref.name) == ["litellm"])
        #expect(try fixture.world.now.records[ProcessorRef("text/stats@1")] == nil)
        let failed = try #require(report.entries.last)
        #expect(failed.skipped == [.pin, .smoke, .deploy])

        fixture.world.change { $0.faults = [:] }
        let before = fixture.effects
        await fixture.apply(try await fixture.plan(desired))
        let after = fixture.effects.dropFirst(before.count)
        #expect(!after.contains("build text/stats@1 amd64"), "the platform that was built is not built again")
        #expect(after.contains("build text/stats@1 arm64"))
    }

    @Test func `an image for the wrong platform is refused`() async throws {
        fixture.world.change { $0.wrongPlatform = .amd64 }
        let report = await fixture.apply(try await fixture.plan(Fixture.desired([try Fixture.processor()])))
        #expect(report.entries.first?.failures.map(\.code) == [.imagePlatform])
        #expect(fixture.world.now.records.isEmpty)
    }

    @Test func `a failed smoke test starts no container and keeps the old one`() async throws {
        await fixture.apply(try await fixture.plan(Fixture.desired([try Fixture.processor()])))
        let old = fixture.world.now.containers.keys.sorted()
        fixture.world.change { $0.faults["smoke"] = Failure(.badResponse, "garbage") }
        let changed = Fixture.desired([try Fixture.processor(inputs: "two")])
        let report = await fixture.apply(try await fixture.plan(changed))
        #expect(report.hasFailures)
        #expect(fixture.world.now.containers.keys.sorted() == old)
        let record = try #require(fixture.world.now.records[ProcessorRef("text/stats@1")])
        #expect(record.desired.keys != record.applied?.keys, "what is desired moved on, what is applied did not")

        fixture.world.change { $0.faults = [:] }
        await fixture.apply(try await fixture.plan(changed))
        #expect(try await fixture.plan(changed).isEmpty)
    }

    @Test func `a stopped container is replaced by one of the same name`() async throws {
        let desired = Fixture.desired([try Fixture.processor()])
        await fixture.apply(try await fixture.plan(desired))
        fixture.world.change { state in
            for (id, container) in state.containers {
                state.containers[id] = ObservedContainer(
                    id: id, name: container.name, ref: container.ref, imageID: container.imageID, isRunning: false,
                    specHash: container.specHash, hostPort: nil)
            }
        }
        let plan = try await fixture.plan(desired)
        #expect(plan.items.first?.reasons == ["its container has stopped"])
        #expect(plan.items.map(\.steps) == [[.deploy, .remove]], "what was tested is not tested again")
        #expect(!(await fixture.apply(plan)).hasFailures)
        #expect(fixture.world.now.containers.values.map(\.isRunning) == [true])
        #expect(try await fixture.plan(desired).isEmpty)
    }

    @Test func `what runs as it was tested is not asked about`() async throws {
        let desired = Fixture.desired([try Fixture.processor(), try Fixture.processor("text/other@1")])
        await fixture.apply(try await fixture.plan(desired))
        fixture.world.change { $0.questions = 0 }
        #expect(try await fixture.plan(desired).isEmpty)
        #expect(fixture.world.now.questions == 0)
        fixture.world.change { world in
            let stopped = world.containers.values.min { $0.name < $1.name }
            if let stopped { world.containers[stopped.id] = nil }
        }
        #expect(try await fixture.plan(desired).items.count == 1)
        #expect(fixture.world.now.questions > 0)
    }

    @Test func `an image that the OCI registry lost is built again when it has to be started`() async throws {
        let desired = Fixture.desired([try Fixture.processor()])
        await fixture.apply(try await fixture.plan(desired))
        fixture.world.change {
            $0.images = [:]
            $0.containers = [:]
        }
        let plan = try await fixture.plan(desired)
        #expect(plan.items.first?.builds == [.amd64, .arm64])
        #expect(plan.items.first?.reasons == ["the OCI registry has lost its image"])
        #expect(!(await fixture.apply(plan)).hasFailures)
        #expect(try await fixture.plan(desired).isEmpty)
    }

    @Test func `what another clone built is found by its content tag, and what runs it already is not restarted`()
        async throws
    {
        let desired = Fixture.desired([try Fixture.processor()])
        await fixture.apply(try await fixture.plan(desired))
        fixture.world.change { state in
            state.builds = [:]
            state.records = [:]
        }
        let before = fixture.effects.count
        let plan = try await fixture.plan(desired)
        #expect(plan.items.map(\.steps) == [[.pin, .smoke]])
        #expect(!(await fixture.apply(plan)).hasFailures)
        #expect(fixture.effects.dropFirst(before) == ["smoke text/stats@1", "record"])
        let binding = try fixture.world.now.records[ProcessorRef("text/stats@1")]?.binding
        #expect(binding?.name == fixture.world.now.containers.values.first?.name, "what is kept is recorded too")
        #expect(try await fixture.plan(desired).isEmpty)
    }

    @Test func `a build that gives the image that runs already restarts nothing`() async throws {
        let desired = Fixture.desired([try Fixture.processor()])
        await fixture.apply(try await fixture.plan(desired))
        fixture.world.change { state in
            state.builds = [:]
            state.records = [:]
            state.contentTags = [:]
        }
        let containers = fixture.world.now.containers
        let plan = try await fixture.plan(desired)
        #expect(plan.items.map(\.steps) == [[.build, .pin, .smoke, .deploy, .remove]])
        #expect(!(await fixture.apply(plan)).hasFailures)
        #expect(fixture.world.now.containers == containers)
        #expect(try await fixture.plan(desired).isEmpty)
    }

    @Test func `a failed smoke test of a container that ran before leaves it running`() async throws {
        let desired = Fixture.desired([try Fixture.processor()])
        await fixture.apply(try await fixture.plan(desired))
        fixture.world.change { state in
            state.builds = [:]
            state.records = [:]
            state.contentTags = [:]
            state.faults["smoke"] = Failure(.badResponse, "garbage")
        }
        #expect(await fixture.apply(try await fixture.plan(desired)).hasFailures)
        #expect(fixture.world.now.containers.count == 1)
    }

    @Test func `a container that is never healthy is removed and told of with its log`() async throws {
        fixture.world.change { $0.startsAreFatal = true }
        let report = await fixture.apply(try await fixture.plan(Fixture.desired([try Fixture.processor()])))
        let failure = try #require(report.entries.first?.failures.first)
        #expect(failure.code == .health)
        #expect(failure.message.contains("exited with code 1"))
        #expect(failure.detail == "the last words")
        #expect(fixture.world.now.containers.isEmpty)
    }

    @Test func `a container that no spec asks for is told of, though no record knows it`() async throws {
        await fixture.apply(try await fixture.plan(Fixture.desired([try Fixture.processor()])))
        fixture.world.change { $0.records = [:] }
        let none = Fixture.desired([])
        #expect(try await fixture.plan(none).notes.map { $0.hasSuffix("but no spec asks for it") } == [true])
        let observed = try await fixture.observed(none)
        let rows = StatusRow.rows(desired: none, records: [:], deployed: .containers(observed.containers))
        #expect(rows.map(\.state) == [.orphaned])
    }

    @Test func `while a spec is broken, nothing is called unwanted`() async throws {
        await fixture.apply(try await fixture.plan(Fixture.desired([try Fixture.processor()])))
        let broken = DesiredState(
            environment: "local", branch: nil, commit: "c", snapshotID: "s", pinMode: .record, processors: [],
            isComplete: false, retry: RetryRule(attempts: 1))
        #expect(try await fixture.plan(broken).notes.isEmpty)
    }

    @Test func `a tracked tag is pinned to its children, and again when it moves`() async throws {
        let tag = try ImageReference("127.0.0.1:1/vendor/hash:1")
        func children(_ text: String) -> [Platform: ImageReference] {
            [
                .amd64: tag.pinned(to: SimulatedWorld.digest(text)),
                .arm64: tag.pinned(to: SimulatedWorld.digest(text + "arm")),
            ]
        }
        fixture.world.change { $0.tags[tag] = children("one") }
        let desired = Fixture.desired([try Fixture.processor(source: .track(tag))])
        let plan = try await fixture.plan(desired)
        #expect(plan.items.map(\.steps) == [[.pin, .smoke, .deploy]])
        await fixture.apply(plan)
        #expect(try await fixture.plan(desired).isEmpty)
        fixture.world.change { $0.tags[tag] = children("two") }
        await fixture.apply(try await fixture.plan(desired))
        #expect(try fixture.world.now.records[ProcessorRef("text/stats@1")]?.applied?.pins == children("two"))
    }

    @Test func `a tracked tag with one platform alone is refused`() async throws {
        let tag = try ImageReference("127.0.0.1:1/vendor/hash:1")
        fixture.world.change { $0.tags[tag] = [.amd64: tag.pinned(to: SimulatedWorld.digest("x"))] }
        let plan = try await fixture.plan(Fixture.desired([try Fixture.processor(source: .track(tag))]))
        #expect(plan.blocked.map(\.failure.code) == [.imagePlatform])
        #expect(plan.items.isEmpty)
    }

    @Test func `a processor without build, tag and pins cannot be planned`() async throws {
        let plan = try await fixture.plan(Fixture.desired([try Fixture.processor(source: .pinned)]))
        #expect(plan.blocked.map(\.failure.code) == [.imageUnpinned])
    }

    @Test func `a container that no spec asks for is told of and left alone`() async throws {
        await fixture.apply(try await fixture.plan(Fixture.desired([try Fixture.processor()])))
        let plan = try await fixture.plan(Fixture.desired([]))
        #expect(plan.isEmpty)
        #expect(plan.notes.count == 1)
        await fixture.apply(plan)
        #expect(fixture.world.now.containers.count == 1)
    }

    @Test func `a plan survives its JSON form`() async throws {
        let plan = try await fixture.plan(Fixture.desired([try Fixture.processor()]))
        #expect(try roundTrip(plan) == plan)
    }
}
