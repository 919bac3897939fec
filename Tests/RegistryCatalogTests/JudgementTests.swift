import DeploymentModel
import FoundationEssentials
import Git
import RegistryCatalog
import TestSupport
import Testing

/// Judgements that are kept, shared out and taken over say what judging everything anew says.
@Suite(.tags(.medium))
struct JudgementTests {
    private let fixture: RepositoryFixture
    private let cache: JudgementCache

    init() async throws {
        fixture = try await RepositoryFixture(Self.files)
        cache = JudgementCache(in: fixture.folder.path + "/cache", edition: "1")
    }

    private static var files: [String: String] {
        var files = Specs.repository([
            "registry/schemas/a.yaml": "id: a@1\nschema: {type: object}\n",
            "registry/policies/default.yaml": "id: default@1\nbudget: {max_usd_micro: 5}\nbugdet: 1\n",
            "registry/processors/text/wrong.yaml": "ref: text/right@1\nruntime: {cpu: many}\n",
            "registry/processors/text/user.yaml":
                "ref: text/user@1\ninputs: {properties: {a: {$ref: a@1}}, examples: [{a: 1}]}\n",
        ])
        for number in 0..<200 {
            files["registry/processors/many/p\(number).yaml"] =
                "ref: many/p\(number)@1\nimage: {platforms: {amd64: \"a:latest\"}}\nunknown: \(number)\n"
        }
        return files
    }

    private func validation(cache: JudgementCache? = nil, tasks: Int = 2) async throws -> Validation {
        try await Validation(
            of: fixture.repository.commit(at: "main"), in: fixture.repository, cache: cache, tasks: tasks)
    }

    private func cacheFile() throws -> String {
        let folder = fixture.folder.path + "/cache"
        return folder + "/" + (try #require(FileManager.default.contentsOfDirectory(atPath: folder).first))
    }

    @Test(arguments: [2, 3, 8])
    func `many tasks find what one finds, in the same order`(tasks: Int) async throws {
        let alone = try await validation(tasks: 1)
        let shared = try await validation(tasks: tasks)
        #expect(alone.diagnostics == shared.diagnostics)
        #expect(alone.diagnostics == alone.diagnostics.sorted())
        #expect(alone.diagnostics.count > 400)
    }

    @Test func `a second run reads nothing and says the same`() async throws {
        let first = try await validation(cache: cache)
        let second = try await validation(cache: cache)
        #expect(first.readFiles == Self.specs)
        #expect(second.readFiles == 0)
        #expect(first.diagnostics == second.diagnostics)
        #expect(first.processorFiles == second.processorFiles)
        #expect(first.supportFiles == second.supportFiles)
    }

    enum Damage: CaseIterable {
        case empty, cut, beginningAlone, longer, oneBit

        func applied(to bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            switch self {
            case .empty: return []
            case .cut: bytes.removeLast(7)
            case .beginningAlone: bytes = Array(bytes.prefix(40))
            case .longer: bytes.append(0)
            case .oneBit: bytes[bytes.count / 2] ^= 1
            }
            return bytes
        }
    }

    @Test(arguments: Damage.allCases)
    func `a damaged cache is ignored and written anew`(damage: Damage) async throws {
        let first = try await validation(cache: cache)
        let file = try cacheFile()
        let whole = try #require(FileManager.default.contents(atPath: file))
        try Data(damage.applied(to: Array(whole))).write(to: URL(filePath: file))
        let second = try await validation(cache: cache)
        #expect(second.readFiles == Self.specs)
        #expect(first.diagnostics == second.diagnostics)
        #expect(FileManager.default.contents(atPath: file) == whole)
    }

    @Test func `another edition of Pinion judges for itself`() async throws {
        _ = try await validation(cache: cache)
        let other = JudgementCache(in: fixture.folder.path + "/cache", edition: "2")
        #expect(try await validation(cache: other).readFiles == Self.specs)
        #expect(try await validation(cache: other).readFiles == 0)
    }

    @Test func `a cache that cannot be written stands in nobody's way`() async throws {
        let file = fixture.folder.path + "/file"
        try Data("x".utf8).write(to: URL(filePath: file))
        let nowhere = JudgementCache(in: file + "/cache", edition: "1")
        #expect(try await validation(cache: nowhere).diagnostics == validation().diagnostics)
    }

    @Test(
        arguments: [
            ("registry/schemas/a.yaml", "id: a@1\nschema: {type: string}\n"),
            ("registry/schemas/a.yaml", nil),
            ("registry/processors/text_stats/Dockerfile", nil),
            ("registry/processors/text_stats/app/main.py", nil),
            ("registry/processors/text_stats/.dockerignore", "app\n"),
            ("registry/processors/many/p7.yaml", "ref: many/p8@1\n"),
            ("registry/processors/many_p7.yaml", "ref: many/p7@1\n"),
            ("registry/policies/default.yaml", "id: a\n"),
            ("pipelines/environments.yaml", "environments: {local: {target: none}}\n"),
        ] as [(String, String?)])
    func `what depends on a change is judged again`(path: String, text: String?) async throws {
        let before = try await validation(cache: cache)
        let base = try await fixture.repository.commit(at: "main")
        try await fixture.commit([path: text])
        let anew = try await validation()
        #expect(try await validation(cache: cache).diagnostics == anew.diagnostics)
        #expect(anew.diagnostics != before.diagnostics)
        // And what a change is answerable for is the same, whatever of the rest was read for it.
        let expected = anew.since(before, touching: [path]).diagnostics
        let tip = try await fixture.repository.commit(at: "main")
        for cache in [nil, cache] {
            let change = try await Validation(ofChangeFrom: base, to: tip, in: fixture.repository, cache: cache)
            #expect(change.diagnostics == expected)
        }
    }

    @Test func `a changed spec is read, its neighbours are not`() async throws {
        let base = try await fixture.repository.commit(at: "main")
        try await fixture.commit(["registry/processors/many/p7.yaml": "ref: many/p7@1\nother: 1\n"])
        let tip = try await fixture.repository.commit(at: "main")
        let change = try await Validation(ofChangeFrom: base, to: tip, in: fixture.repository)
        // The spec as it was and as it is, and the two files of the registry that all may name.
        #expect(change.readFiles == 4)
        #expect(change.diagnostics.map(\.file) == ["registry/processors/many/p7.yaml"])
    }

    private static var specs: Int { files.keys.count { $0.hasSuffix(".yaml") } }
}
