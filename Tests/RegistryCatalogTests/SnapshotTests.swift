import DeploymentModel
import Git
import JSON
import RegistryCatalog
import TestSupport
import Testing

@Suite(.tags(.medium))
struct SnapshotTests {
    private func snapshot(_ files: [String: String], time: Int64 = 1_700_000_000) async throws -> RegistrySnapshot {
        let fixture = try await RepositoryFixture(files)
        return try RegistrySnapshot(
            try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository))
    }

    /// A change of this id is a change of what callers everywhere have written down: it takes a new format.
    @Test func `the id of a known registry is the same on every machine and in every year`() async throws {
        let snapshot = try await snapshot([
            "registry/processors/text_stats.yaml": "ref: text/stats@1\nruntime: {cpu: 1.5, memory_gb: 2}\n",
            "registry/schemas/a.yaml": "id: a@1\nschema: {type: object, title: 'grün'}\n",
        ])
        // printf '%s' of the canonical form below, through sha256sum.
        let canonical =
            #"{"policies":{},"processors":{"text/stats@1":{"ref":"text/stats@1","runtime":{"cpu":1.5,"memory_gb":2}}},"#
            + #""prompts":{},"schemas":{"a@1":{"id":"a@1","schema":{"title":"grün","type":"object"}}},"tools":{}}"#
        #expect(try JSONValue.object(snapshot.specs.mapValues { .object($0) }).canonical() == canonical)
        #expect(snapshot.id.hex == "9b87e65741b6e2733110e63656628c9f2dcc626c2bae067472f4373d4b4f59de")
        #expect(snapshot.createdAt == "2023-11-14T22:13:20Z")
    }

    @Test func `a snapshot survives its file, and a changed file is refused`() async throws {
        let snapshot = try await snapshot(Specs.repository())
        let text = snapshot.json.pretty
        #expect(try RegistrySnapshot(parsing: Array(text.utf8), file: "s.json") == snapshot)
        let changed = text.replacing("\"context\": \".\"", with: "\"context\": \"..\"")
        #expect(changed != text)
        let failure = #expect(throws: Failure.self) {
            try RegistrySnapshot(parsing: Array(changed.utf8), file: "s.json")
        }
        #expect(failure?.code == .registryMismatch)
        for broken in ["", "{}", "[1]", "{\"snapshot_id\": 1}"] {
            #expect(throws: Failure.self) { try RegistrySnapshot(parsing: Array(broken.utf8), file: "s.json") }
        }
    }

    @Test func `a difference names specs and places`() async throws {
        let old = try await snapshot(Specs.repository(["registry/schemas/a.yaml": "id: a@1\nschema: {}\n"]))
        let new = try await snapshot(
            Specs.repository([
                "registry/processors/text_stats/registry.yaml": Specs.processor(more: "  target: x\nname: N"),
                "registry/schemas/b.yaml": "id: b@1\nschema: {}\n",
            ]))
        let entries = SnapshotDifference(from: old, to: new).entries
        #expect(
            entries.map { "\($0.change) \($0.kind) \($0.name)" } == [
                "changed processors text/stats@1", "removed schemas a@1", "added schemas b@1",
            ])
        #expect(entries.first?.places.map(\.description) == ["/build/target", "/name"])
        #expect(SnapshotDifference(from: old, to: old).entries.isEmpty)
    }
}

@Suite(.tags(.medium))
struct ImmutabilityTests {
    private static let path = "registry/processors/text_stats/registry.yaml"

    private static let published = """
        ref: text/stats@1
        api: {protocol: http}
        secrets: {required: [A], optional: [B]}
        inputs: {type: object}
        outputs: [{path: a.json}]
        predicates: {success: [{id: artifact.exists@1, args: {path: x}}]}
        """

    private func findings(_ now: String, policy: String? = nil, path: String = Self.path) async throws -> [Diagnostic] {
        let fixture = try await RepositoryFixture([Self.path: Self.published])
        let first = try await fixture.repository.commit(at: "main").id
        var change: [String: String?] = [Self.path: nil]
        change[path] = now
        if let policy { change["registry/policies/default.yaml"] = policy }
        try await fixture.commit(change)
        let catalog = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
        let publication = ImmutabilityCheck.Publication(
            ref: try ProcessorRef("text/stats@1"), environment: "main", commit: first.hex)
        let found = try await ImmutabilityCheck(catalog, in: fixture.repository).findings([publication])
        #expect(
            found.allSatisfy {
                $0.message.contains(first.short) && $0.message.contains("main") && $0.fix?.contains("version 2") == true
            })
        return found
    }

    @Test(arguments: [
        ("protocol: http", "protocol: ws", 2), ("[A]", "[A, C]", 3), ("type: object", "type: array", 4),
        ("a.json", "b.json", 5),
        ("path: x", "path: y", 6),
    ])
    func `what callers rely on must not change`(old: String, new: String, line: Int) async throws {
        let found = try await findings(Self.published.replacing(old, with: new))
        #expect(found.map(\.code) == [.versionMutated])
        #expect(found.map(\.line) == [line])
    }

    @Test(arguments: [
        ("required: [A]", "required: []"), ("optional: [B]", "optional: [B, C]"),
        ("ref: text/stats@1", "ref: text/stats@1\nname: New\nruntime: {cpu: 4}"),
        ("ref: text/stats@1", "# comment\nref: text/stats@1\nsmoke: {inputs: {}}\nbuild: {port: 9000}"),
        ("api: {protocol: http}", "api: {protocol: http, path: /run}"),
    ])
    func `everything else may change`(old: String, new: String) async throws {
        #expect(try await findings(Self.published.replacing(old, with: new)).isEmpty)
    }

    @Test func `a policy can forbid every change but pins`() async throws {
        let policy = "id: default@1\nimmutable: all\n"
        let renamed = try await findings("name: New\n" + Self.published, policy: policy)
        #expect(renamed.map(\.code) == [.versionMutated])
        let pin = "x@sha256:" + String(repeating: "ab", count: 32)
        let pinned = try await findings(Self.published + "\nimage: {platforms: {amd64: \"\(pin)\"}}", policy: policy)
        #expect(pinned.isEmpty, "a pin is no change of the spec")
    }

    @Test func `a file that moved is still the same version`() async throws {
        let moved = "code/processors/text_stats/registry.yaml"
        #expect(try await findings(Self.published.replacing("[A]", with: "[A, C]"), path: moved).count == 1)
        #expect(try await findings(Self.published, path: moved).isEmpty)
    }
}
