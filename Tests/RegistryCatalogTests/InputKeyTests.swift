import DeploymentModel
import Git
import RegistryCatalog
import TestSupport
import Testing

@Suite(.tags(.medium))
struct InputKeyTests {
    private func keys(_ fixture: RepositoryFixture) async throws -> [Platform: InputKey] {
        let catalog = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
        let reader = DesiredStateReader(catalog, in: fixture.repository, environment: .standardLocal)
        let read = try await reader.read(branch: "main", pins: .commit)
        guard case .build(let recipe) = read.state.processors.first?.source else { return [:] }
        return recipe.keys
    }

    private static let folder = "registry/processors/text_stats"

    @Test func `a pin, a comment and a file elsewhere leave the key as it is`() async throws {
        let fixture = try await RepositoryFixture(Specs.repository())
        let before = try await keys(fixture)
        #expect(before.count == 2)
        #expect(before[.amd64] != before[.arm64])
        let pin = "x@sha256:" + String(repeating: "a", count: 64)
        try await fixture.commit([
            "\(Self.folder)/registry.yaml": "# comment\n" + Specs.processor(pins: pin), "other.txt": "x",
        ])
        #expect(try await keys(fixture) == before)
    }

    @Test(arguments: [
        ["app/main.py": "print('changed')\n"], ["app/new.py": ""], ["Dockerfile": "FROM scratch\n"],
        ["app/main.py": "x", "a": "b"],
    ])
    func `a change that the build can see gives another key`(change: [String: String]) async throws {
        let fixture = try await RepositoryFixture(Specs.repository(["\(Self.folder)/app/new.py": "x"]))
        let before = try await keys(fixture)
        try await fixture.commit(
            Dictionary(uniqueKeysWithValues: change.map { ("\(Self.folder)/\($0.key)", $0.value) }))
        let after = try await keys(fixture)
        #expect(after.count == 2)
        #expect(after[.amd64] != before[.amd64])
    }

    @Test func `build arguments and target are part of the key`() async throws {
        var seen: Set<InputKey> = []
        for more in ["", "  args: {A: 1}", "  args: {A: 2}", "  target: x"] {
            let fixture = try await RepositoryFixture(
                Specs.repository([
                    "\(Self.folder)/registry.yaml": Specs.processor(more: more),
                    "\(Self.folder)/Dockerfile": "FROM scratch AS x\nCOPY app /app\n",
                ]))
            seen.formUnion(try await keys(fixture).values)
        }
        #expect(seen.count == 8)
    }

    @Test func `what .dockerignore excludes is no part of the key`() async throws {
        let fixture = try await RepositoryFixture(
            Specs.repository(["\(Self.folder)/.dockerignore": "*.md\ntests\n", "\(Self.folder)/README.md": "one"]))
        let before = try await keys(fixture)
        try await fixture.commit(["\(Self.folder)/README.md": "two", "\(Self.folder)/tests/a/b.py": "x"])
        #expect(try await keys(fixture) == before)
    }

    @Test func `a Dockerfile that is not in the commit is a finding of its spec`() async throws {
        let fixture = try await RepositoryFixture(["\(Self.folder)/registry.yaml": Specs.processor()])
        let catalog = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
        let reader = DesiredStateReader(catalog, in: fixture.repository, environment: .standardLocal)
        let read = try await reader.read(branch: "main", pins: .commit)
        #expect(read.state.processors.isEmpty)
        #expect(read.diagnostics.map(\.code) == [.spec])
        #expect(read.diagnostics.first?.message.contains("\(Self.folder)/Dockerfile") == true)
    }
}
