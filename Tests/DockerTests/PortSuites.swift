import DeploymentModel
import TestSupport
import Testing

/// What holds of every OCI registry and every engine, whichever it is: the simulated ones are held to the real ones, so that
/// what a simulation finds can happen, and what happens can be simulated.
@Suite("What holds of every OCI registry and engine", .tags(.large), .timeLimit(.minutes(5)), .serialized)
struct PortSuites {
    private let absent = SimulatedWorld.digest("absent")

    @Test("A tag gives one image per platform, each by the digest of its own", arguments: PortStage.Kind.all)
    func children(kind: PortStage.Kind) async throws {
        try await PortStage.with(kind) { stage in
            let children = try await stage.children()
            #expect(children.keys.sorted() == [.amd64, .arm64])
            for (platform, image) in children {
                #expect(image.repository == stage.tag.repository && image.digest != nil && image.tag == nil)
                #expect(try await stage.registry.platform(of: image) == platform)
                #expect(try await stage.registry.configuration(of: image).platform == platform)
                #expect(try await stage.registry.contains(image))
                #expect(try await stage.registry.platforms(of: image) == [platform: image])
            }
        }
    }

    @Test("What is not there is a failed pull, or nothing", arguments: PortStage.Kind.all)
    func absence(kind: PortStage.Kind) async throws {
        try await PortStage.with(kind) { stage in
            let image = stage.tag.pinned(to: absent)
            let tag = try ImageReference("\(stage.tag.repository):other")
            #expect(try await !stage.registry.contains(image))
            #expect(try await stage.registry.digest(of: tag) == nil)
            #expect(try await stage.registry.tags(of: ImageReference("\(stage.tag.repository)/nobody")) == [])
            await expectFailure(.imagePull) { try await stage.registry.platforms(of: tag) }
            await expectFailure(.imagePull) { try await stage.registry.platform(of: image) }
            await expectFailure(.imagePull) { try await stage.registry.configuration(of: image) }
        }
    }

    @Test("A tag that is written is listed once, and leads to its image", arguments: PortStage.Kind.all)
    func tagging(kind: PortStage.Kind) async throws {
        try await PortStage.with(kind) { stage in
            let image = try #require(try await stage.children()[.amd64])
            let short = try #require(image.digest?.short)
            let name = "src-0-amd64-\(short)"
            for _ in 1...2 { try await stage.registry.tag(image, as: name) }
            #expect(try await stage.registry.tags(of: stage.tag).count { $0 == name } == 1)
            let tagged = try ImageReference("\(stage.tag.repository):\(name)")
            #expect(try await stage.registry.platforms(of: tagged) == [.amd64: image])
            #expect(try await stage.registry.digest(of: tagged) == image.digest)
        }
    }

    @Test("A pair whose images stand in each other's place is no pair", arguments: PortStage.Kind.all)
    func pairs(kind: PortStage.Kind) async throws {
        try await PortStage.with(kind) { stage in
            let children = try await stage.children()
            _ = try await stage.registry.inspectPair(children)
            await expectFailure(.imagePlatform) {
                try await stage.registry.inspectPair([.amd64: children[.arm64]!, .arm64: children[.amd64]!])
            }
        }
    }

    @Test(
        "A container lives from its start to its removal, and one of its name is taken as it is",
        arguments: PortStage.Kind.all)
    func life(kind: PortStage.Kind) async throws {
        try await PortStage.with(kind) { stage in
            let image = stage.server
            #expect(try await stage.engine.imageID(of: stage.tag.pinned(to: absent)) == nil)
            let id = try await stage.engine.pull(image, platform: .amd64)
            #expect(try await stage.engine.imageID(of: image) == id)
            let ref = try ProcessorRef("test/ports@1")
            func spec(_ hash: String) -> ContainerSpec {
                ContainerSpec(
                    name: "pinion-" + stage.tag.path.replacing("/", with: "-"),
                    processor: Processor(ref: ref, specHash: hash), image: image.description, platform: .amd64,
                    environment: [:])
            }
            // Two runs at once.
            let one = spec("one")
            async let left = stage.engine.start(one)
            async let right = stage.engine.start(one)
            let both = try await [left, right]
            let started = both[0].container
            #expect(both.count { $0.isNew } == 1 && both[1].container.id == started.id)
            #expect(started.isRunning && started.imageID == id && started.specHash == "one" && started.ref == ref)
            #expect(started.hostPort != nil)
            #expect(try await stage.engine.containers().contains { $0.id == started.id })
            #expect(try await stage.engine.state(of: started.id) == .running)
            let again = try await stage.engine.start(one)
            #expect(again.container.id == started.id && !again.isNew)
            await expectFailure(.docker) { try await stage.engine.start(spec("two")) }
            try await stage.engine.stop(started.id, graceSeconds: 1)
            #expect(try await stage.engine.state(of: started.id) != .running)
            #expect(try await stage.engine.containers().first { $0.id == started.id }?.isRunning == false)
            for _ in 1...2 { try await stage.engine.remove(started.id, graceSeconds: 1) }
            #expect(try await stage.engine.state(of: started.id) == nil)
            #expect(try await !stage.engine.containers().contains { $0.id == started.id })
        }
    }

    @Test(
        "A name that another owner has is left to it, running or not, and one of one's own that has stopped gives way",
        arguments: PortStage.Kind.all)
    func owners(kind: PortStage.Kind) async throws {
        try await PortStage.with(kind) { stage in
            _ = try await stage.engine.pull(stage.server, platform: .amd64)
            let name = "pinion-owners-" + stage.tag.path.replacing("/", with: "-")
            let result: Result<Void, any Error>
            do {
                result = .success(try await owners(of: name, on: stage))
            } catch { result = .failure(error) }
            for container in try await stage.engine.containers() where container.name.hasPrefix(name) {
                try await stage.engine.remove(container.id, graceSeconds: 0)
            }
            try result.get()
        }
    }

    private func owners(of name: String, on stage: PortStage) async throws {
        let ref = try ProcessorRef("test/ports@1")
        let own = ContainerOwner(environment: "local", repository: "/a/.git/")
        let staging = ContainerOwner(environment: "staging", repository: "/a/.git/")
        let clone = ContainerOwner(environment: "local", repository: "/b/.git/")
        func start(
            _ owner: ContainerOwner?, _ hash: String = "one", secrets: [String] = []
        ) async throws(Failure) -> (container: ObservedContainer, isNew: Bool) {
            try await stage.engine.start(
                ContainerSpec(
                    name: name, processor: Processor(ref: ref, specHash: hash), image: stage.server.description,
                    platform: .amd64, environment: [:], secretNames: secrets, owner: owner))
        }
        let first = try await start(own)
        #expect(first.isNew && first.container.name == name && first.container.owner == own)
        let theirs = try await start(staging)
        #expect(theirs.isNew && theirs.container.id != first.container.id && theirs.container.owner == staging)
        let ending = theirs.container.name.dropFirst(name.count)
        #expect(theirs.container.name.hasPrefix(name) && ending.contains(/^-[0-9a-f]{8}$/))
        let again = try await start(staging)
        #expect(again.container.id == theirs.container.id && !again.isNew)
        await expectFailure(.docker) { _ = try await start(nil) }

        for one in [first, theirs] { try await stage.engine.stop(one.container.id, graceSeconds: 0) }
        let third = try await start(clone)
        #expect(third.isNew && third.container.name != theirs.container.name)
        #expect(try await stage.engine.state(of: first.container.id) != nil, "one that has stopped is its owner's too")
        let anew = try await start(staging, "two")
        #expect(anew.isNew && anew.container.name == theirs.container.name)
        #expect(try await stage.engine.state(of: theirs.container.id) == nil)
        #expect(try await start(own).container.name == name)
        #expect(try await stage.engine.state(of: first.container.id) == nil)

        let other = try await start(own, secrets: ["KEY"])
        #expect(other.isNew && other.container.name.hasPrefix(name + "-"), "what runs is not taken from itself")
        await expectFailure(.docker) { _ = try await start(own, "three") }
    }

    @Test("What no OCI registry has can't be pulled", arguments: PortStage.Kind.all)
    func pulling(kind: PortStage.Kind) async throws {
        try await PortStage.with(kind) { stage in
            await expectFailure(.imagePull) {
                try await stage.engine.pull(stage.tag.pinned(to: absent), platform: .amd64)
            }
        }
    }
}
