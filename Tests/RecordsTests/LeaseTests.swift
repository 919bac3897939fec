import DeploymentModel
import FoundationEssentials
import Git
import Records
import Synchronization
import TestSupport
import Testing

/// What keeps records and leases in these tests, with a clock of its own.
enum LeasePlace: String, CaseIterable, Sendable {
    case memory, folder, remote

    func open() async throws -> LeaseStores {
        switch self {
        case .memory: LeaseStores(in: SimulatedWorld())
        case .folder: LeaseStores(at: try await RepositoryFixture())
        case .remote: try LeaseStores(servedFrom: try GitCheckout(["a": "1"]))
        }
    }
}

/// Several users' stores of the same records.
final class LeaseStores: Sendable {
    private let time = Mutex(1_700_000_000)
    private let opened: @Sendable (LeaseStores) async throws -> any StateStore
    private let moved: @Sendable (Int) -> Void

    init(in world: SimulatedWorld) {
        world.change { $0.time = 1_700_000_000 }
        opened = { _ in world }
        moved = { seconds in world.change { $0.time += seconds } }
    }

    init(at fixture: RepositoryFixture) {
        opened = { stores in
            let repository = try GitRepository(at: fixture.path)
            return GitStateStore(
                SharedReferences(of: repository), as: RepositoryFixture.authorship, time: { Int64(stores.now) })
        }
        moved = { _ in }
    }

    init(servedFrom origin: GitCheckout) throws {
        try origin.git(["clone", "--quiet", "--bare", origin.path, origin.folder.path + "/shared.git"])
        let home = try TemporaryFolder()
        let server = try GitServer(root: origin.folder.path, user: "me", password: "secret")
        opened = { stores in
            _ = origin  // It is served for as long as these stores are.
            let references = try await SharedReferences(
                of: "http://me:secret@127.0.0.1:\(server.http)/shared.git",
                copiedTo: home.path + "/" + UUID().uuidString,
                environment: GitCheckout.environment(home: home.path), checkout: home.path)
            return GitStateStore(references, as: RepositoryFixture.authorship, time: { Int64(stores.now) })
        }
        moved = { _ in }
    }

    var now: Int { time.withLock { $0 } }

    func wait(seconds: Int) {
        time.withLock { $0 += seconds }
        moved(seconds)
    }

    func store() async throws -> any StateStore { try await opened(self) }
}

@Suite(.tags(.medium))
struct LeaseTests {
    private func holder(_ run: String) -> LeaseHolder { LeaseHolder(holder: "Ann", host: "one", run: run) }

    private func refs(_ texts: String...) throws -> [ProcessorRef] { try texts.map { try ProcessorRef($0) } }

    private func record(_ ref: String = "a/x@1", spec: String = "s") throws -> RefRecord {
        let revision = RefRecord.Revision(commit: "c", specHash: spec, pins: [:], keys: [:])
        return RefRecord(
            ref: try ProcessorRef(ref), desired: revision, applied: revision,
            binding: RefRecord.Binding(name: "n", platform: .amd64, imageID: "i"), evidence: [])
    }

    @Test(arguments: LeasePlace.allCases)
    func `who comes second is told who holds which refs until when, and takes others`(place: LeasePlace) async throws {
        let stores = try await place.open()
        let (one, two) = (try await stores.store(), try await stores.store())
        let lease = try await one.acquire(
            try refs("b/y@2", "a/x@1"), environment: "dev", for: holder("r1"), seconds: 120)
        #expect(lease.refs == (try refs("a/x@1", "b/y@2")))
        #expect(lease.expiresAt == 1_700_000_120)
        let failure = await #expect(throws: Failure.self) {
            try await two.acquire(try refs("a/x@1", "c/z@1"), environment: "dev", for: holder("r2"), seconds: 120)
        }
        #expect(failure?.code == .lease)
        #expect(failure?.message == "a/x@1 in 'dev': held by Ann on one, run r1, until 2023-11-14T22:15:20Z")
        #expect(failure?.remedy?.contains("pinion lease release --env dev --run r1") == true)
        let other = try await two.acquire(try refs("c/z@1"), environment: "dev", for: holder("r2"), seconds: 120)
        #expect(other.epoch > lease.epoch)
        _ = try await two.acquire(try refs("a/x@1"), environment: "staging", for: holder("r2"), seconds: 120)
        #expect(try await one.leases(of: "dev") == [lease, other])
    }

    @Test(arguments: LeasePlace.allCases)
    func `of several at once one gets it`(place: LeasePlace) async throws {
        let stores = try await place.open()
        let taken = try await withThrowingTaskGroup(of: String?.self) { group in
            for run in 1...6 {
                let store = try await stores.store()
                group.addTask {
                    do throws(Failure) {
                        let refs = [try? ProcessorRef("a/x@1")].compactMap(\.self)
                        return try await store.acquire(refs, environment: "dev", for: holder("r\(run)"), seconds: 9).run
                    } catch {
                        guard error.code == .lease else { throw error }
                        return nil
                    }
                }
            }
            return try await group.reduce(into: [String]()) { if let run = $1 { $0.append(run) } }
        }
        #expect(taken.count == 1)
        #expect(try await stores.store().leases(of: "dev").map(\.run) == taken)
    }

    @Test(arguments: LeasePlace.allCases)
    func `an end that passed needs no hand, and the one who slept cannot write any more`(place: LeasePlace) async throws
    {
        let stores = try await place.open()
        let (one, two) = (try await stores.store(), try await stores.store())
        let wanted = try refs("a/x@1")
        let lost = try await one.acquire(wanted, environment: "dev", for: holder("r1"), seconds: 120)
        stores.wait(seconds: 119)
        await #expect(throws: Failure.self) {
            try await two.acquire(wanted, environment: "dev", for: holder("r2"), seconds: 120)
        }
        stores.wait(seconds: 1)
        #expect(try await two.leases(of: "dev").isEmpty)
        let taken = try await two.acquire(wanted, environment: "dev", for: holder("r2"), seconds: 120)
        #expect(taken.epoch > lost.epoch)

        for attempt in 1...2 {
            let failure = await #expect(throws: Failure.self) {
                try await one.write(
                    [try record(), try record("b/y@1")], environment: "dev", message: "m", under: lost, releasing: true)
            }
            #expect(failure?.code == .lease, "attempt \(attempt)")
        }
        let failure = await #expect(throws: Failure.self) {
            try await one.renew(lost, environment: "dev", seconds: 120)
        }
        #expect(failure?.message.contains("Ann on one, run r2, took a/x@1") == true)
        try await one.release(lost, environment: "dev")
        #expect(try await two.leases(of: "dev") == [taken])
        #expect(try await two.records(of: "dev").isEmpty)
        #expect(
            try await two.write([try record()], environment: "dev", message: "m", under: taken, releasing: true) != nil)
        #expect(try await two.leases(of: "dev").isEmpty)
        #expect(try await two.records(of: "dev").count == 1)
    }

    @Test(arguments: LeasePlace.allCases)
    func `a lease that ran out and nobody took can be renewed and written under`(place: LeasePlace) async throws {
        let stores = try await place.open()
        let store = try await stores.store()
        let lease = try await store.acquire(try refs("a/x@1"), environment: "dev", for: holder("r1"), seconds: 120)
        stores.wait(seconds: 500)
        // Other refs than these do not count.
        let other = try await stores.store().acquire(
            try refs("b/y@1"), environment: "dev", for: holder("r2"), seconds: 120)
        let renewed = try await store.renew(lease, environment: "dev", seconds: 720)
        #expect(renewed.epoch == lease.epoch)
        #expect(renewed.expiresAt == stores.now + 720)
        // A shorter renewal does not end it earlier.
        #expect(try await store.renew(lease, environment: "dev", seconds: 120) == renewed)
        #expect(try await store.leases(of: "dev") == [renewed, other])
        #expect(
            try await store.write([try record()], environment: "dev", message: "m", under: lease, releasing: false)
                != nil)
        #expect(try await store.leases(of: "dev") == [renewed, other])
    }

    @Test(arguments: LeasePlace.allCases)
    func `a lease that was released over the head of its holder is lost`(place: LeasePlace) async throws {
        let stores = try await place.open()
        let store = try await stores.store()
        let lease = try await store.acquire(try refs("a/x@1"), environment: "dev", for: holder("r1"), seconds: 120)
        let seen = try #require(try await stores.store().leases(of: "dev").first)
        try await stores.store().release(seen, environment: "dev")
        #expect(try await store.leases(of: "dev").isEmpty)
        let told = "the lease of run r1 on 'dev' is lost: it was released"
        let unrenewed = await #expect(throws: Failure.self) {
            try await store.renew(lease, environment: "dev", seconds: 120)
        }
        #expect(unrenewed?.message == told)
        let unwritten = await #expect(throws: Failure.self) {
            try await store.write([], environment: "dev", message: "m", under: lease, releasing: true)
        }
        #expect(unwritten?.message == told)
        let next = try await store.acquire(try refs("a/x@1"), environment: "dev", for: holder("r2"), seconds: 120)
        #expect(next.epoch > lease.epoch)
    }

    @Test(arguments: LeasePlace.allCases)
    func `the last write gives the lease back even when no record changes`(place: LeasePlace) async throws {
        let stores = try await place.open()
        let store = try await stores.store()
        _ = try await store.write([try record()], environment: "dev", message: "m")
        let lease = try await store.acquire(try refs("a/x@1"), environment: "dev", for: holder("r1"), seconds: 120)
        #expect(
            try await store.write([try record()], environment: "dev", message: "m", under: lease, releasing: true)
                == nil)
        #expect(try await store.leases(of: "dev").isEmpty)
    }

    @Test(arguments: [LeasePlace.folder, .remote])
    func `epochs grow although old leases are cleaned up`(place: LeasePlace) async throws {
        let stores = try await place.open()
        let store = try await stores.store()
        var epochs: [Int] = []
        for day in 1...4 {
            let lease = try await store.acquire(
                try refs("a/x@1"), environment: "dev", for: holder("r\(day)"), seconds: 120)
            epochs.append(lease.epoch)
            stores.wait(seconds: 100_000)
        }
        #expect(epochs == [1, 2, 3, 4])
    }

    @Test func `records and leases of this host are never pushed`() async throws {
        let stores = try await LeasePlace.remote.open()
        let (one, two) = (try await stores.store(), try await stores.store())
        for environment in ["local", "dev"] {
            _ = try await one.acquire(
                try refs("a/x@1"), environment: environment, for: holder("r1"), seconds: 120)
            _ = try await one.write([try record()], environment: environment, message: "m")
        }
        #expect(try await one.leases(of: "local").count == 1)
        #expect(try await two.leases(of: "local").isEmpty)
        #expect(try await two.records(of: "local").isEmpty)
        #expect(try await two.leases(of: "dev").count == 1)
    }

    @Test func `leases that are over for a day are gone from the tree, and lie beside the records`() async throws {
        let fixture = try await RepositoryFixture()
        let stores = LeaseStores(at: fixture)
        let store = try await stores.store()
        for run in ["r1", "r2", "r3"] {
            _ = try await store.acquire(try refs("a/x@1"), environment: "dev", for: holder(run), seconds: 120)
            stores.wait(seconds: run == "r1" ? 100_000 : 500)
        }
        let tip = try #require(try await fixture.repository.target(of: "refs/pinion/env/dev"))
        #expect(try await fixture.repository.files(at: tip).map(\.path) == ["leases/r2.json", "leases/r3.json"])
    }

    @Test func `renewing under load never loses a lease, and records of others come through`() async throws {
        let stores = try await LeasePlace.folder.open()
        let records = try (1...4).map { try record("a/x@\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for record in records {
                let store = try await stores.store()
                group.addTask {
                    var lease = try await store.acquire(
                        [record.ref], environment: "dev", for: holder("\(record.ref.version)"), seconds: 120)
                    for _ in 0..<5 { lease = try await store.renew(lease, environment: "dev", seconds: 120) }
                    _ = try await store.write([record], environment: "dev", message: "m", under: lease, releasing: true)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await stores.store().records(of: "dev").count == 4)
        #expect(try await stores.store().leases(of: "dev").isEmpty)
    }
}
