import ContentCache
import DeploymentModel
import FoundationEssentials
import Git
import Reconciliation
import Records
import RegistryCatalog
import TestSupport
import Testing

/// With what earlier plans have left, with nothing and with something damaged, a plan is the same to the byte.
@Suite(.tags(.medium))
struct PlanCacheTests {
    private let fixture: RepositoryFixture
    private let world = SimulatedWorld()

    init() async throws {
        fixture = try await RepositoryFixture(Self.files)
    }

    private static let files = [
        "pipelines/environments.yaml": "environments: {local: {target: docker, registry: \"127.0.0.1:1/x\"}}\n",
        "registry/schemas/a.yaml": "id: a@1\nschema: {type: object}\n",
        "registry/policies/default.yaml": "id: default@1\nbudget: {max_usd_micro: 5}\n",
        "shared/lib.py": "one",
        "processors/own_build/registry.yaml": """
        # With everything that a spec may have
        ref: own/build@1
        name: Of its own
        description: Was für ein Ding
        image: {platforms: {amd64: "sha256:pending"}, default_platform: arm64}
        build: {context: ., dockerfile: Dockerfile, args: {A: "1"}, port: 8080}
        runtime: {cpu: 1.5, memory_gb: 2, timeout_s: 60, gpu: t4}
        secrets: {required: [KEY], optional: [OTHER]}
        api: {protocol: http, path: /go}
        inputs: {properties: {a: {$ref: a@1}, n: {type: number, maximum: 1.5e3}}, examples: [{a: {}, n: -2}]}
        outputs: [{path: x.json, mime: application/json}]
        predicates: {success: [{id: artifact.exists@1, args: {path: x}}], admission: [{id: image.pinned@1}]}
        smoke: {inputs: {a: {b: [true, null, ""]}}, expect: {type: object}, startup_s: 3}
        """,
        "processors/own_build/Dockerfile": "FROM scratch\nCOPY app /app\n",
        "processors/own_build/app/main.py": "one",
        "processors/root_build/registry.yaml":
            "ref: root/build@1\nbuild: {context: //, dockerfile: //shared/Dockerfile}\n",
        "shared/Dockerfile": "FROM scratch\nCOPY shared/lib.py /\n",
        "registry/processors/just_pinned.yaml":
            "ref: just/pinned@1\nimage: {platforms: {amd64: \"a@sha256:\(String(repeating: "a", count: 64))\"}}\n",
        "registry/processors/is_off.yaml": "ref: is/off@1\nenabled: false\nbuild: {context: .}\n",
        "registry/processors/is_odd.yaml": "ref: is/odd@1\nimagge: 1\nruntime: {cpus: 2}\n",
        "registry/processors/is_wrong.yaml": "ref: is/right@1\n",
    ]

    /// What one plan is and says.
    private struct Outcome: Equatable {
        let plan: Plan
        let json: Data
        let diagnostics: [Diagnostic]
        let sources: [String: [UInt8]]
        let desired: DesiredState
    }

    private func cache(_ name: String, edition: String = "1") -> CacheFolder {
        CacheFolder(in: fixture.folder.path + "/" + name, edition: edition, limit: 64 << 20)
    }

    private func store(_ repository: GitRepository, _ cache: CacheFolder?) -> GitStateStore {
        GitStateStore(SharedReferences(of: repository), as: RepositoryFixture.authorship, cache: cache) {
            1_700_000_000
        }
    }

    /// As a new process would plan.
    private func plan(_ cache: CacheFolder?) async throws -> Outcome {
        let repository = try GitRepository(at: fixture.path)
        let catalog = try await Catalog(of: repository.commit(at: "main"), in: repository, cache: cache)
        let environment = try #require(catalog.environment(named: "local"))
        let store = store(repository, cache)
        let records = try await store.records(of: "local")
        let read = try await DesiredStateReader(catalog, in: repository, environment: environment, cache: cache).read(
            branch: "main", pins: .record, records: records)
        let observer = Observer(store: store, registry: world, deployments: .docker(world))
        let plan = await Planner(
            desired: read.state, observed: try await observer.observe(read.state), platform: .amd64
        ).plan()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Outcome(
            plan: plan, json: try encoder.encode(plan), diagnostics: (catalog.diagnostics + read.diagnostics).sorted(),
            sources: catalog.sources, desired: read.state)
    }

    /// Records what the plan would do as done.
    private func record(_ plan: Plan, isHeld: Bool = false) async throws {
        let store = store(fixture.repository, nil)
        for item in plan.items {
            guard let recipe = item.recipe else { continue }
            for (platform, key) in recipe.keys {
                let image = recipe.repository.pinned(to: SimulatedWorld.digest(key.hex))
                let build = BuildRecord(
                    key: key, ref: item.ref, platform: platform, image: image, commit: plan.commit, builder: "test",
                    bases: [try ImageReference("docker.io/library/python:3.12")])
                _ = try await store.keep(build, replacing: nil)
            }
            let pins = recipe.keys.mapValues { recipe.repository.pinned(to: SimulatedWorld.digest($0.hex)) }
            let revision = RefRecord.Revision(
                commit: plan.commit, specHash: item.record.specHash, pins: pins, keys: recipe.keys)
            let evidence = Evidence(
                digest: SimulatedWorld.digest("x"), platform: .amd64, specHash: item.record.specHash, adapter: "local",
                mode: "mock", transport: .http, testedAt: 7)
            let record = RefRecord(
                ref: item.ref, desired: revision, applied: item.record.previous == nil ? nil : revision,
                binding: RefRecord.Binding(name: "n", platform: .amd64, imageID: "i", function: "f", version: 3),
                evidence: [evidence],
                hold: isHeld ? RefRecord.Hold(from: revision, by: "me", since: 5, reason: nil) : nil)
            _ = try await store.write(
                [record], environment: "local", message: "record", under: nil, releasing: false)
        }
    }

    private static let changes: [[String: String?]] = [
        [:],
        ["processors/own_build/app/main.py": "two"],
        ["processors/own_build/Dockerfile": "FROM scratch\nCOPY app /app\nCOPY missing /\n"],
        ["processors/own_build/Dockerfile": nil],
        [
            "processors/own_build/Dockerfile": "FROM scratch\nCOPY . /app\n",
            "processors/own_build/.dockerignore": "app\n",
        ],
        ["processors/own_build/registry.yaml": "ref: own/build@1\nbuild: {context: ., target: x}\nruntime: {cpu: 2}\n"],
        ["shared/lib.py": "two"],
        [
            "registry/processors/own-build.yaml": "ref: own-build/x@1\n",
            "processors/just_pinned/registry.yaml": "ref: just/pinned@1\n",
        ],
        ["processors/just_pinned/registry.yaml": nil, "README.md": "x"],
        ["registry/processors/is_wrong.yaml": "ref: is/wrong@1\ninputs: {properties: {a: {$ref: b@1}}}\n"],
        ["registry/schemas/b.yaml": "id: b@1\nschema: {type: string}\n"],
        ["registry/policies/default.yaml": "id: default@1\nbudget: {max_usd_micro: many}\n"],
        ["pipelines/environments.yaml": "environments: {local: {target: docker, registry: \"127.0.0.1:1/y\"}}\n"],
        ["registry/processors/is_odd.yaml": nil],
        ["registry/processors/is_odd.yaml/registry.yaml": "ref: is/odd@1\n"],
        ["registry/processors/is_odd.yaml/registry.yaml": nil],
        files.mapValues { $0 },
    ]

    @Test func `whatever the cache holds, a plan is the same`() async throws {
        for (number, change) in Self.changes.enumerated() {
            if !change.isEmpty { try await fixture.commit(change) }
            let expected = try await plan(nil)
            // What the plan before this change has left, and what this one left.
            for _ in 0..<2 { #expect(try await plan(cache("warm")) == expected, "change \(number)") }
            #expect(try await plan(cache("new\(number)")) == expected)
            for damage in 0..<4 {
                let damaged = "damaged\(number)-\(damage)"
                try damageFiles(of: "warm", into: damaged, damage)
                #expect(try await plan(cache(damaged)) == expected, "change \(number), damage \(damage)")
            }
            #expect(try await plan(cache("warm", edition: "\(number)")) == expected)
            if number.isMultiple(of: 3) {
                // Other records, as of a run by somebody else.
                try await record(expected.plan, isHeld: number.isMultiple(of: 2))
                let recorded = try await plan(nil)
                #expect(recorded != expected || expected.plan.items.allSatisfy { $0.recipe == nil })
                #expect(try await plan(cache("warm")) == recorded, "records after change \(number)")
            }
        }
    }

    private func damageFiles(of name: String, into other: String, _ damage: Int) throws {
        let folders = [name, other].map { fixture.folder.path + "/" + $0 }
        try FileManager.default.createDirectory(
            atPath: folders[1], withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for file in try FileManager.default.contentsOfDirectory(atPath: folders[0]) {
            var bytes = [UInt8](try #require(FileManager.default.contents(atPath: "\(folders[0])/\(file)")))
            switch damage {
            case 0: bytes[bytes.count / 3] ^= 0x10
            case 1: bytes = Array(bytes.prefix(bytes.count / 2))
            case 2: bytes = []
            default: bytes += [0]
            }
            let path = "\(folders[1])/\(file)"
            try Data(bytes).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
    }

    /// Without the objects nothing but the cache can tell what they said.
    @Test func `what the cache knows is not read again`() async throws {
        try await record(try await plan(nil).plan)
        let expected = try await plan(cache("warm"))
        let repository = fixture.repository
        let tips = ["main", "refs/pinion/env/local", "refs/pinion/builds"]
        for tip in tips {
            for entry in try await repository.files(at: repository.commit(at: tip).id)
            where entry.path.hasSuffix("registry.yaml") || entry.path.hasSuffix(".json") {
                let hex = entry.id.hex
                try FileManager.default.removeItem(
                    atPath: "\(fixture.path)/objects/\(hex.prefix(2))/\(hex.dropFirst(2))")
            }
        }
        #expect(try await plan(cache("warm")) == expected)
        await #expect(throws: (any Error).self) { try await plan(cache("other")) }
    }

    @Test func `what somebody else recorded meanwhile is read, and the rest is as it was`() async throws {
        let cache = cache("warm")
        func record(_ name: String, _ imageID: String) throws -> RefRecord {
            let revision = RefRecord.Revision(commit: "c", specHash: "s", pins: [:], keys: [:])
            return RefRecord(
                ref: try ProcessorRef(name), desired: revision, applied: nil,
                binding: RefRecord.Binding(name: "n", platform: .arm64, imageID: imageID), evidence: [])
        }
        func build(_ digest: String) throws -> BuildRecord {
            let image = try ImageReference("127.0.0.1:1/x").pinned(to: SimulatedWorld.digest(digest))
            return BuildRecord(
                key: InputKey(SimulatedWorld.digest("key")), ref: try ProcessorRef("a/x@1"), platform: .arm64,
                image: image, commit: "c", builder: "test")
        }
        func write(_ records: [RefRecord]) async throws {
            _ = try await store(fixture.repository, nil).write(
                records, environment: "local", message: "x", under: nil, releasing: false)
        }
        func read() async throws -> ([ProcessorRef: RefRecord], [BuildRecord.ID: BuildRecord]) {
            let store = store(fixture.repository, cache)
            return (try await store.records(of: "local"), try await store.builds([try build("x").id]))
        }
        try await write([try record("a/x@1", "one"), try record("a/y@1", "one")])
        let first = try await store(fixture.repository, nil).keep(try build("one"), replacing: nil)
        var (records, builds) = try await read()
        #expect(records.values.map(\.binding?.imageID) == ["one", "one"])
        #expect(builds[first.id] == first)

        try await write([try record("a/x@1", "two"), try record("a/z@1", "two")])
        let second = try await store(fixture.repository, nil).keep(try build("two"), replacing: first.image)
        for _ in 0..<2 {
            (records, builds) = try await read()
            let ids = records.sorted { $0.key < $1.key }.map { $0.value.binding?.imageID }
            #expect(ids == ["two", "one", "two"])
            #expect(builds == [first.id: second])
        }
    }

    @Test func `files are the user's own, and one that others may write counts for nothing`() async throws {
        let cache = cache("warm")
        cache.store("x") { $0.put("kept") }
        func load() -> String? { cache.load("x") { (reader) throws(ByteReader.Malformed) in try reader.text() } }
        #expect(load() == "kept")
        let folder = fixture.folder.path + "/warm"
        let file = folder + "/" + (try #require(FileManager.default.contentsOfDirectory(atPath: folder).first))
        let modes = try [folder, file].map {
            try #require(FileManager.default.attributesOfItem(atPath: $0)[.posixPermissions] as? Int)
        }
        #expect(modes == [0o700, 0o600])
        try FileManager.default.setAttributes([.posixPermissions: 0o622], ofItemAtPath: file)
        #expect(load() == nil)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        #expect(load() == "kept")
        #expect(cache.load("y") { (reader) throws(ByteReader.Malformed) in try reader.text() } == nil)
    }

    @Test func `the oldest files go when there is no room`() async throws {
        let cache = CacheFolder(in: fixture.folder.path + "/small", edition: "1", limit: 4000)
        for number in 0..<10 { cache.store("\(number)") { $0.put(raw: [UInt8](repeating: 1, count: 1000)) } }
        func holds(_ number: Int) -> Bool {
            cache.load("\(number)") { (reader) throws(ByteReader.Malformed) in try reader.raw(1000).count } == 1000
        }
        #expect((0..<10).count { holds($0) } == 3)
        cache.store("large") { $0.put(raw: [UInt8](repeating: 1, count: 5000)) }
        #expect((0..<10).count { holds($0) } == 3)
    }
}
