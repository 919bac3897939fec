import DeploymentModel
import Git
import TestSupport
import Testing

@testable import Records

extension Tag {
    @Tag static var medium: Self
}

@Suite(.tags(.medium))
struct GitStateStoreTests {
    private func store(_ fixture: RepositoryFixture) -> GitStateStore {
        GitStateStore(SharedReferences(of: fixture.repository), as: RepositoryFixture.authorship) { 1_700_000_000 }
    }

    private func build(_ text: String, digest: String = "one", name: String = "x") throws -> BuildRecord {
        let image = try ImageReference("127.0.0.1:1/local/\(name)").pinned(to: SimulatedWorld.digest(digest))
        return BuildRecord(
            key: InputKey(SimulatedWorld.digest(text)), ref: try ProcessorRef("a/x@1"), platform: .arm64, image: image,
            commit: "c", builder: "test")
    }

    private func record(_ ref: String = "a/x@1", spec: String = "s", commit: String = "c") throws -> RefRecord {
        let revision = RefRecord.Revision(commit: commit, specHash: spec, pins: [:], keys: [:])
        return RefRecord(
            ref: try ProcessorRef(ref), desired: revision, applied: revision,
            binding: RefRecord.Binding(name: "n", platform: .amd64, imageID: "i"), evidence: [])
    }

    @Test func `a build is found again by its key and image repository alone`() async throws {
        let fixture = try await RepositoryFixture()
        let build = try build("k")
        #expect(try await store(fixture).builds([build.id]).isEmpty)
        #expect(try await store(fixture).keep(build, replacing: nil) == build)
        let other = BuildRecord.ID(InputKey(SimulatedWorld.digest("other")), in: build.image)
        #expect(try await store(fixture).builds([build.id, other]) == [build.id: build])
    }

    /// Where a record lies tells whose it is: by that the cache lets go of what has changed.
    @Test(arguments: ["127.0.0.1:1/local/x", "ghcr.io/acme/tools/x", "localhost/x", "acme/x", "x"])
    func `the place of a record gives its name back`(_ repository: String) throws {
        let id = BuildRecord.ID(InputKey(SimulatedWorld.digest("k")), in: try ImageReference(repository))
        #expect(GitStateStore.buildID(at: GitStateStore.path(of: id)) == id)
        let ref = try ProcessorRef("llm-x/lite_llm@12")
        #expect(GitStateStore.ref(at: GitStateStore.path(of: ref)) == ref)
        for other in [GitStateStore.path(of: ref, app: "app"), "leases/a.json", "processors/a.json", "ab/cd/x.json"] {
            #expect(GitStateStore.ref(at: other) == nil && GitStateStore.buildID(at: other) == nil)
        }
    }

    @Test func `two processors of the same inputs have a build each`() async throws {
        let fixture = try await RepositoryFixture()
        let builds = [try build("k", name: "x"), try build("k", name: "y")]
        for build in builds { #expect(try await store(fixture).keep(build, replacing: nil) == build) }
        #expect(Set(try await store(fixture).builds(builds.map(\.id)).values) == Set(builds))
    }

    @Test func `the first writer of a key wins`() async throws {
        let fixture = try await RepositoryFixture()
        let first = try build("k", digest: "first")
        _ = try await store(fixture).keep(first, replacing: nil)
        let kept = try await store(fixture).keep(try build("k", digest: "second"), replacing: nil)
        #expect(kept == first)
    }

    @Test func `eight concurrent writers of one key agree, and those of eight keys lose nothing`() async throws {
        let fixture = try await RepositoryFixture()
        let kept = try await withThrowingTaskGroup(of: BuildRecord.self) { group in
            for writer in 0..<8 {
                let own = GitStateStore(
                    SharedReferences(of: try GitRepository(at: fixture.path)), as: RepositoryFixture.authorship,
                    time: { Int64(writer) })
                let (same, other) = (try build("same", digest: "\(writer)"), try build("key \(writer)"))
                group.addTask {
                    _ = try await own.keep(other, replacing: nil)
                    return try await own.keep(same, replacing: nil)
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(kept.count == 1)
        let ids = try (0..<8).map { try build("key \($0)").id }
        #expect(try await store(fixture).builds(ids).count == 8)
    }

    @Test func `records are written once and read back`() async throws {
        let fixture = try await RepositoryFixture()
        let records = try [record(), record("b/y@2")]
        let commit = try await store(fixture).write(records, environment: "local", message: "m")
        #expect(commit != nil)
        let read = try await store(fixture).records(of: "local")
        #expect(Set(read.values) == Set(records))
        #expect(try await store(fixture).records(of: "dev").isEmpty)
        let again = try record(commit: "another commit, same content")
        #expect(try await store(fixture).write([again], environment: "local", message: "m") == nil)
        #expect(try await store(fixture).write([try record(spec: "t")], environment: "local", message: "m") != nil)
        #expect(try await store(fixture).records(of: "local").count == 2)
    }

    @Test func `a record that cannot be read names itself`() async throws {
        let fixture = try await RepositoryFixture()
        _ = try await fixture.repository.commit(
            [.write(path: "processors/a/x@1.json", content: Array("{".utf8))], onto: nil,
            moving: GitStateStore.reference(of: "local"), message: "broken", as: RepositoryFixture.authorship, time: 0)
        let failure = await #expect(throws: Failure.self) { try await store(fixture).records(of: "local") }
        #expect(failure?.message.contains("processors/a/x@1.json") == true)
    }

    /// The store of a user whose apps begin with this.
    private func store(_ fixture: RepositoryFixture, of owner: String) -> GitStateStore {
        GitStateStore(
            SharedReferences(of: fixture.repository), as: RepositoryFixture.authorship,
            app: { "\(owner)-\($0.refSlug)" }, time: { 1_700_000_000 })
    }

    private func bound(_ record: RefRecord, to app: String) -> RefRecord {
        record.bound(to: RefRecord.Binding(name: app, platform: .amd64, imageID: "i"))
    }

    @Test func `where everybody has an app, everybody has a record`() async throws {
        let fixture = try await RepositoryFixture()
        let (ann, bob) = (store(fixture, of: "main-ann"), store(fixture, of: "main-bob"))
        let records = [bound(try record(spec: "a"), to: "main-ann-a-x-v1"), bound(try record(), to: "main-bob-a-x-v1")]
        _ = try await ann.write([records[0]], environment: "dev", message: "m")
        #expect(try await bob.records(of: "dev").isEmpty)
        _ = try await bob.write([records[1]], environment: "dev", message: "m")
        #expect(try await Array(ann.records(of: "dev").values) == [records[0]])
        #expect(try await Array(bob.records(of: "dev").values) == [records[1]])
        #expect(try await ann.past(of: records[0].ref, in: "dev").map(\.record) == [records[0]])
        #expect(try await ann.write([records[0]], environment: "dev", message: "m") == nil)
        // Who has no app of their own sees neither; the log has both.
        #expect(try await store(fixture).records(of: "dev").isEmpty)
        #expect(try await store(fixture).allRecords(of: "dev").count == 2)
        #expect(try await store(fixture).log(of: "dev", ref: records[0].ref, limit: 9).count == 2)
    }

    @Test func `a record from before belongs to the app that it is bound to`() async throws {
        let fixture = try await RepositoryFixture()
        let old = bound(try record(), to: "main-ann-a-x-v1")
        _ = try await store(fixture).write([old], environment: "dev", message: "m")
        let (ann, bob) = (store(fixture, of: "main-ann"), store(fixture, of: "main-bob"))
        #expect(try await bob.records(of: "dev").isEmpty)
        #expect(try await Array(ann.records(of: "dev").values) == [old])
        _ = try await bob.write([bound(old, to: "main-bob-a-x-v1")], environment: "dev", message: "m")
        #expect(try await store(fixture).records(of: "dev").count == 1, "it is not Bob's to move")
        _ = try await ann.write([old], environment: "dev", message: "m")
        #expect(try await store(fixture).records(of: "dev").isEmpty)
        #expect(try await Array(ann.records(of: "dev").values) == [old])
        #expect(try await ann.log(of: "dev", ref: old.ref, limit: 9).count == 3)
    }

    @Test func `records of apps are forgotten with the lease, and those of others stay`() async throws {
        let fixture = try await RepositoryFixture()
        let (ann, bob) = (store(fixture, of: "main-ann"), store(fixture, of: "main-bob"))
        let records = [bound(try record(), to: "main-ann-a-x-v1"), bound(try record(), to: "main-bob-a-x-v1")]
        _ = try await ann.write([records[0]], environment: "dev", message: "m")
        _ = try await bob.write([records[1]], environment: "dev", message: "m")
        let apps: Set = ["main-bob-a-x-v1", "unknown"]
        #expect(try await ann.refs(of: apps, in: "dev") == ["main-bob-a-x-v1": records[0].ref])
        let holder = LeaseHolder(holder: "Ann", host: "one", run: "r1")
        let lease = try await ann.acquire([records[0].ref], environment: "dev", for: holder, seconds: 60)
        #expect(try await ann.forget(apps, environment: "dev", message: "m", under: lease) != nil)
        #expect(try await bob.records(of: "dev").isEmpty)
        #expect(try await Array(ann.records(of: "dev").values) == [records[0]])
        #expect(try await ann.leases(of: "dev").isEmpty)
        await #expect(throws: Failure.self) {
            try await ann.forget(["main-ann-a-x-v1"], environment: "dev", message: "m", under: lease)
        }
    }

    private func result(_ number: Int, lane: String = "pr") -> LaneResult {
        let digits = String(number)
        return LaneResult(
            lane: lane, environment: "local", run: String(repeating: "0", count: 4 - digits.count) + digits,
            commit: "c",
            base: nil, platform: nil, refs: [], state: "passed", steps: [], problems: [], startedAt: number, seconds: 1)
    }

    @Test func `of the results of a lane the newest are kept, and those of others are not counted`() async throws {
        let fixture = try await RepositoryFixture()
        let store = store(fixture)
        try await store.keep(result(0, lane: "staging"))
        for number in 1...GitStateStore.keptResults + 3 { try await store.keep(result(number)) }
        let kept = try await store.results(of: "pr", limit: .max)
        #expect(kept.map(\.startedAt) == Array((4...203).reversed()))
        #expect(try await store.results(of: nil, limit: .max).count == 201)
        #expect(try await store.results(of: nil, limit: 2).map(\.startedAt) == [203, 202])
    }
}
