import DeploymentModel
import Reconciliation
import TestSupport
import Testing

@Suite(.tags(.small))
struct ImageOperationsTests {
    private func shown(_ outcomes: [ImageOutcome]) -> [String] {
        outcomes.map {
            [$0.platform?.rawValue, $0.failure?.code.rawValue ?? $0.text].compactMap(\.self).joined(separator: " ")
        }
    }

    @Test func `a build stays local, and older ones of its platform go`() async throws {
        let fixture = Fixture()
        let processor = try Fixture.processor()
        let operations = fixture.operations(Fixture.desired([processor]))
        for _ in 0..<5 { #expect(await shown(operations.build(processor, for: [.amd64])) == ["amd64 built from c"]) }
        _ = await operations.build(processor, for: [.arm64])
        let tags = fixture.world.now.localImages.keys.compactMap(\.tag).sorted()
        #expect(
            tags.filter { $0.hasPrefix("build-") && $0.hasSuffix("amd64") } == [
                "build-19700101000003-amd64", "build-19700101000004-amd64", "build-19700101000005-amd64",
            ])
        #expect(tags.filter { $0.hasPrefix("src-") }.count == 2)
        #expect(fixture.world.now.images.isEmpty && fixture.world.now.builds.isEmpty)
    }

    @Test func `what two machines push meets in the records, and is pinned as a pair`() async throws {
        let fixture = Fixture()
        let processor = try Fixture.processor()
        let operations = fixture.operations(Fixture.desired([processor], pins: .commit))
        _ = await operations.build(processor, for: [.amd64])
        #expect(await shown(operations.push(processor, for: [.amd64])) == ["amd64 pushed"])
        let half = await operations.pin(processor)
        #expect(half.failure?.code == .imageUnpinned)
        #expect(half.failure?.message.contains("linux/arm64") == true)
        #expect(half.failure?.remedy?.contains("pinion build text/stats@1 --platform arm64") == true)
        #expect(fixture.world.now.pins.isEmpty)

        _ = await operations.build(processor, for: [.arm64])
        _ = await operations.push(processor, for: [.arm64])
        let whole = await operations.pin(processor)
        #expect(whole.failure == nil)
        #expect(fixture.world.now.pins.map { $0.pins.count } == [2])
        #expect(fixture.world.now.contentTags.values.flatMap(\.self).filter { $0.hasPrefix("src-") }.count == 2)
    }

    @Test(arguments: [true, false])
    func `what a run recorded before it ended, and did not tag, is tagged by the pin`(byPlan: Bool) async throws {
        let fixture = Fixture()
        let processor = try Fixture.processor()
        let desired = Fixture.desired([processor], pins: .commit)
        let operations = fixture.operations(desired)
        _ = await operations.build(processor, for: Platform.allCases)
        _ = await operations.push(processor, for: Platform.allCases)
        let tags = fixture.world.now.contentTags.mapValues { $0.sorted() }
        fixture.world.change { $0.contentTags = [:] }
        if byPlan {
            #expect(!(await fixture.apply(try await fixture.plan(desired))).hasFailures)
        } else {
            #expect(await operations.pin(processor).failure == nil)
        }
        #expect(fixture.world.now.pins.count == 1)
        #expect(fixture.world.now.contentTags.mapValues { $0.sorted() } == tags)
    }

    @Test func `nothing is pushed that was not built from these inputs`() async throws {
        let fixture = Fixture()
        let (old, new) = (try Fixture.processor(inputs: "old"), try Fixture.processor(inputs: "new"))
        let operations = fixture.operations(Fixture.desired([new]))
        _ = await operations.build(old, for: [.amd64])
        #expect(await shown(operations.push(new, for: [.amd64])) == ["amd64 ERR_IMAGE_PUSH"])
        #expect(fixture.world.now.images.isEmpty)
    }

    @Test func `who pushes second is given the image of the first`() async throws {
        let fixture = Fixture()
        let processor = try Fixture.processor()
        guard case .build(let recipe) = processor.source, let key = recipe.keys[.amd64] else { return }
        let first = recipe.repository.pinned(to: SimulatedWorld.digest("first"))
        fixture.world.change {
            $0.builds[BuildRecord.ID(key, in: first)] = BuildRecord(
                key: key, ref: processor.ref, platform: .amd64, image: first, commit: "b", builder: "buildx")
        }
        let operations = fixture.operations(Fixture.desired([processor]))
        _ = await operations.build(processor, for: [.amd64])
        let outcome = try #require(await operations.push(processor, for: [.amd64]).first)
        #expect(outcome.image == first && outcome.text.contains("first"))
    }

    @Test func `an image for another platform is no build of this one`() async throws {
        let fixture = Fixture()
        let processor = try Fixture.processor()
        let operations = fixture.operations(Fixture.desired([processor]))
        _ = await operations.build(processor, for: [.amd64])
        fixture.world.change { state in state.localImages = state.localImages.mapValues { ($0.digest, .arm64) } }
        #expect(await shown(operations.push(processor, for: [.amd64])) == ["amd64 ERR_IMAGE_PLATFORM"])
        #expect(fixture.world.now.builds.isEmpty)
    }

    @Test func `a pair that is none is not pinned, and what is odd is told`() async throws {
        let fixture = Fixture()
        let desired = Fixture.desired([try Fixture.processor()], pins: .commit)
        fixture.world.change { $0.faults = ["inspect": Failure(.imagePlatform, "amd64 programs for arm64")] }
        let report = await fixture.apply(try await fixture.plan(desired))
        #expect(report.hasFailures && fixture.world.now.pins.isEmpty && fixture.world.now.containers.isEmpty)
        let operations = fixture.operations(desired)
        #expect(await operations.pin(desired.processors[0]).failure?.code == .imagePlatform)

        fixture.world.change {
            $0.faults = [:]
            $0.oddities = ["a program of arm64 lies in amd64"]
        }
        let warned = await fixture.apply(try await fixture.plan(desired))
        #expect(!warned.hasFailures && fixture.world.now.pins.count == 1)
        #expect(warned.warnings == ["text/stats@1: a program of arm64 lies in amd64"])
    }

    @Test func `pinning what is pinned changes nothing`() async throws {
        let fixture = Fixture()
        let first = try Fixture.processor()
        await fixture.apply(try await fixture.plan(Fixture.desired([first], pins: .commit)))
        let pins = try #require(fixture.world.now.pins.first?.pins)
        let pinned = try Fixture.processor(pins: pins)
        let outcome = await fixture.operations(Fixture.desired([pinned], pins: .commit)).pin(pinned)
        #expect(outcome.text == "pinned already" && fixture.world.now.pins.count == 1)
    }

    @Test func `one slot alone is pinned only beside a right one`() async throws {
        let fixture = Fixture()
        await fixture.apply(try await fixture.plan(Fixture.desired([try Fixture.processor()], pins: .commit)))
        let pins = try #require(fixture.world.now.pins.first?.pins)
        let arm64 = try #require(pins[.arm64])
        let half = try Fixture.processor(pins: [.arm64: arm64])
        let operations = fixture.operations(Fixture.desired([half], pins: .commit))
        #expect(await operations.pin(half, only: .arm64).failure?.code == .imageUnpinned)
        #expect(await operations.pin(half, only: .amd64).failure == nil)
        #expect(fixture.world.now.pins.count == 2)
    }

    @Test func `pins of the record go there, and what runs stays`() async throws {
        let fixture = Fixture()
        let processor = try Fixture.processor()
        await fixture.apply(try await fixture.plan(Fixture.desired([processor])))
        let changed = try Fixture.processor(inputs: "two")
        let operations = fixture.operations(Fixture.desired([changed]))
        _ = await operations.build(changed, for: Platform.allCases)
        _ = await operations.push(changed, for: Platform.allCases)
        let before = try #require(fixture.world.now.records[processor.ref])
        #expect(await operations.pin(changed).failure == nil)
        let after = try #require(fixture.world.now.records[processor.ref])
        #expect(after.desired.pins != before.desired.pins && after.applied == before.applied)
        #expect(fixture.world.now.pins.isEmpty)
    }

    @Test func `a pull takes the pin, or what the tag stands for`() async throws {
        let fixture = Fixture()
        let tag = try ImageReference("127.0.0.1:1/vendor/hash:1")
        let child = tag.pinned(to: SimulatedWorld.digest("hash"))
        fixture.world.change { $0.tags[tag] = [.amd64: child] }
        let tracked = try Fixture.processor(source: .track(tag))
        let operations = fixture.operations(Fixture.desired([tracked]))
        #expect(await operations.pull(tracked, for: [.amd64]).first?.image == child)
        #expect(await shown(operations.pull(tracked, for: [.arm64])) == ["arm64 ERR_IMAGE_PLATFORM"])
        let unpinned = try Fixture.processor()
        #expect(await shown(operations.pull(unpinned, for: [.amd64])) == ["amd64 ERR_IMAGE_UNPINNED"])
    }

    @Test func `what is not built here is told so`() async throws {
        let fixture = Fixture()
        let pinned = try Fixture.processor(source: .pinned)
        let operations = fixture.operations(Fixture.desired([pinned]))
        #expect(await shown(operations.build(pinned, for: [.amd64])) == ["ERR_IMAGE_BUILD"])
    }

    @Test func `a base that moved is a reason to build anew when it is asked for, and its record gives way`()
        async throws
    {
        let fixture = Fixture()
        let desired = Fixture.desired([try Fixture.processor()])
        let base = try ImageReference("docker.io/library/python:3.12")
        let old = SimulatedWorld.digest("old base")
        fixture.world.change {
            $0.bases = [try! ImageReference("\(base)@\(old)")]
            $0.baseTags = [base: old]
        }
        await fixture.apply(try await fixture.plan(desired))
        func refreshed() async throws -> Plan {
            let world = fixture.world
            let observer = Observer(store: world, registry: world, deployments: .docker(world), refreshesBases: true)
            return await Planner(desired: desired, observed: try await observer.observe(desired), platform: .amd64)
                .plan()
        }
        #expect(try await refreshed().isEmpty)
        fixture.world.change { $0.baseTags = [base: SimulatedWorld.digest("new base")] }
        #expect(try await fixture.plan(desired).isEmpty)
        let plan = try await refreshed()
        #expect(plan.items.first?.builds == [.amd64, .arm64])
        #expect(plan.items.first?.reasons.first == "its base moved: docker.io/library/python:3.12")
        #expect(plan.items.first?.replaces.count == 2)
    }
}
