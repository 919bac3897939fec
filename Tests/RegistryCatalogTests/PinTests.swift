import DeploymentModel
import Git
import RegistryCatalog
import TestSupport
import Testing

@Suite(.tags(.medium))
struct PinTests {
    private static let path = "registry/processors/text_stats/registry.yaml"

    private func change(
        _ fixture: RepositoryFixture, digest: String, at commit: ObjectID? = nil
    ) async throws -> (PinChange, ObjectID) {
        let commit = try await fixture.repository.commit(at: commit?.hex ?? "main")
        let catalog = try await Catalog(of: commit, in: fixture.repository)
        let reader = DesiredStateReader(catalog, in: fixture.repository, environment: .standardLocal)
        let read = try await reader.read(branch: "main", pins: .commit)
        guard case .build(let recipe) = read.state.processors.first?.source else {
            throw Failure(.spec, "no build")
        }
        let image = try ImageReference("127.0.0.1:1/local/text-stats")
        let pins = [Platform.amd64, .arm64].map { ($0, image.pinned(to: SimulatedWorld.digest("\(digest) \($0)"))) }
        let ref = try ProcessorRef("text/stats@1")
        return (
            PinChange(
                ref: ref, specPath: Self.path, pins: Dictionary(uniqueKeysWithValues: pins), keys: recipe.keys,
                run: "r1"),
            commit.id
        )
    }

    private func writer(_ fixture: RepositoryFixture, at base: ObjectID, branch: String = "main") -> GitPinWriter {
        GitPinWriter(
            SharedReferences(of: fixture.repository), branch: branch, at: base, holdsPinsOnly: branch != "main",
            as: RepositoryFixture.authorship
        ) { 1_700_000_000 }
    }

    @Test func `a pin changes the bytes of both digests and no other`() async throws {
        let fixture = try await RepositoryFixture(Specs.repository())
        let before = try #require(try await fixture.text(Self.path))
        let (change, base) = try await change(fixture, digest: "one")
        let commit = try await writer(fixture, at: base).commit(change)
        let after = try #require(try await fixture.text(Self.path))
        var expected = before
        for (platform, written) in [(Platform.amd64, "sha256:pending\n"), (.arm64, "\"sha256:pending\"")] {
            let pin = try #require(change.pins[platform]).description
            let range = try #require(expected.firstRange(of: written))
            expected.replaceSubrange(range, with: written.replacing("sha256:pending", with: pin))
        }
        #expect(after == expected)
        let facts = try await fixture.repository.commit(at: "main")
        #expect(facts.id.hex == commit.commit)
        #expect(facts.parents == [base])
        #expect(facts.message.hasPrefix("pin: text/stats@1\n"))
        for trailer in [
            "Pinion-Ref: text/stats@1", "Pinion-Platform: linux/arm64 ", "Pinion-Input-Key: linux/amd64 ",
            "Pinion-Run: r1",
        ] {
            #expect(facts.message.contains(trailer))
        }
        #expect(try await fixture.repository.files(at: facts.id).count == 3)
    }

    @Test func `the same pin twice is one commit`() async throws {
        let fixture = try await RepositoryFixture(Specs.repository())
        let (change, base) = try await change(fixture, digest: "one")
        let first = try await writer(fixture, at: base).commit(change)
        #expect(try await writer(fixture, at: base).commit(change) == first)
    }

    @Test func `a branch that moved without touching the inputs is pinned at its new tip`() async throws {
        let fixture = try await RepositoryFixture(Specs.repository())
        let (change, base) = try await change(fixture, digest: "one")
        let moved = try await fixture.commit(["README.md": "new"])
        _ = try await writer(fixture, at: base).commit(change)
        let tip = try await fixture.repository.commit(at: "main")
        #expect(tip.parents == [moved])
        #expect(try await fixture.text("README.md") == "new")
    }

    @Test func `a pin whose inputs changed on the branch meanwhile is dropped`() async throws {
        let fixture = try await RepositoryFixture(Specs.repository())
        let (change, base) = try await change(fixture, digest: "one")
        let moved = try await fixture.commit(["registry/processors/text_stats/app/main.py": "print('new')\n"])
        let failure = await #expect(throws: Failure.self) { try await writer(fixture, at: base).commit(change) }
        #expect(failure?.message.contains("superseded") == true)
        #expect(try await fixture.repository.commit(at: "main").id == moved)
    }

    @Test func `a branch of pins alone starts anew when its base has moved on`() async throws {
        let fixture = try await RepositoryFixture(Specs.repository())
        let (first, base) = try await change(fixture, digest: "one")
        let old = try await writer(fixture, at: base, branch: "pinion/pins/main").commit(first)
        let moved = try await fixture.commit(["README.md": "new"])
        _ = try await writer(fixture, at: moved, branch: "pinion/pins/main").commit(first)
        // From the new base, and no rewind of what the branch was.
        #expect(
            try await fixture.repository.commit(at: "pinion/pins/main").parents.map(\.hex) == [moved.hex, old.commit])
        #expect(try await fixture.repository.commit(at: "main").id == moved)
    }

    @Test func `a spec without a slot for a platform is refused, and nothing is written`() async throws {
        let text = Specs.processor().split(separator: "\n").filter { !$0.contains("arm64") }.joined(separator: "\n")
        let fixture = try await RepositoryFixture(Specs.repository([Self.path: text]))
        let (change, base) = try await change(fixture, digest: "one")
        let failure = await #expect(throws: Failure.self) { try await writer(fixture, at: base).commit(change) }
        #expect(failure?.code == .spec)
        #expect(try await fixture.repository.commit(at: "main").id == base)
    }
}
