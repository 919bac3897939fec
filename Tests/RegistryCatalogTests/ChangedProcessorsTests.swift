import DeploymentModel
import Git
import RegistryCatalog
import TestSupport
import Testing

/// Which processors a change concerns.
@Suite(.tags(.medium))
struct ChangedProcessorsTests {
    private static let digest = String(repeating: "a", count: 64)

    private static let files = [
        "pipelines/environments.yaml": "environments: {local: {}}\n",
        "pipelines/pr.yaml": "environment: local\nsteps: [validate]\n",
        "registry/policies/default.yaml": "id: default@1\nretry: {max_attempts: 2}\n",
        "registry/prompts/ask.yaml": "id: ask@1\ntemplate: x\n",
        "registry/schemas/outer.yaml": "id: outer@1\nschema: {$ref: inner@1}\n",
        "registry/schemas/inner.yaml": "id: inner@1\nschema: {type: object}\n",
        "registry/processors/a_one/registry.yaml":
            "ref: a/one@1\nbuild: {context: .}\nimage: {platforms: {amd64: x}}\n",
        "registry/processors/a_one/Dockerfile": "FROM scratch\nCOPY app /app\n",
        "registry/processors/a_one/app/main.py": "1",
        "registry/processors/a_one/notes.md": "1",
        "registry/processors/a_two/registry.yaml": "ref: a/two@1\nbuild: {context: .}\nprompt: ask@1\n",
        "registry/processors/a_two/Dockerfile": "FROM scratch\nCOPY . /app\n",
        "registry/processors/a_three.yaml":
            "ref: a/three@1\nimage: {track: docker.io/library/python:3.12}\ninputs: {$ref: outer@1}\n",
        "registry/processors/a_off.yaml": "ref: a/off@1\nenabled: false\n",
        "docs/a.md": "1",
    ]

    private func changed(_ change: [String: String?]) async throws -> [String] {
        let fixture = try await RepositoryFixture(Self.files)
        let base = try await fixture.repository.commit(at: "main")
        try await fixture.commit(change)
        let catalog = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
        #expect(catalog.diagnostics.filter { $0.severity == .error } == [])
        let found = try await ChangedProcessors(
            from: base, to: catalog, lane: "pipelines/pr.yaml", in: fixture.repository)
        return found.reasons.map { "\($0.ref) \($0.reason)" }
    }

    @Test(arguments: [
        (["docs/a.md": "2"], []),
        (
            ["registry/processors/a_one/app/main.py": "2"],
            ["a/one@1 registry/processors/a_one/app/main.py changed"]
        ),
        // What the Dockerfile does not copy is no part of the build.
        (["registry/processors/a_one/notes.md": "2"], []),
        (["registry/processors/a_two/new.md": "2"], ["a/two@1 registry/processors/a_two/new.md added"]),
        (
            ["registry/processors/a_one/Dockerfile": "FROM scratch\nENV A=1\nCOPY app /app\n"],
            ["a/one@1 registry/processors/a_one/Dockerfile:2 added"]
        ),
        (
            ["registry/processors/a_one/registry.yaml": "ref: a/one@1\nbuild: {context: .}\nruntime: {cpu: 2}\n"],
            ["a/one@1 its spec changed"]
        ),
        (["registry/processors/a_new.yaml": "ref: a/new@1\n"], ["a/new@1 it is new"]),
        (["registry/processors/a_off.yaml": "ref: a/off@1\n"], ["a/off@1 it is new"]),
        (
            ["registry/prompts/ask.yaml": "id: ask@1\ntemplate: y\n"],
            ["a/two@1 registry/prompts/ask.yaml changed, which it uses"]
        ),
        (
            ["registry/schemas/inner.yaml": "id: inner@1\nschema: {type: array}\n"],
            ["a/three@1 registry/schemas/inner.yaml changed, which it uses"]
        ),
        (["registry/schemas/inner.yaml": "# a comment\nid: inner@1\nschema: {type: object}\n"], []),
        (
            ["registry/policies/default.yaml": "id: default@1\nretry: {max_attempts: 3}\n"],
            ["a/one@1", "a/three@1", "a/two@1"].map { "\($0) registry/policies/default.yaml changed" }
        ),
        (
            ["pipelines/environments.yaml": "environments: {local: {pins: branch}}\n"],
            ["a/one@1", "a/three@1", "a/two@1"].map { "\($0) pipelines/environments.yaml changed" }
        ),
        (
            ["pipelines/pr.yaml": "environment: local\nsteps: [validate, report]\n"],
            ["a/one@1", "a/three@1", "a/two@1"].map { "\($0) pipelines/pr.yaml changed" }
        ),
        (["pipelines/dev.yaml": "environment: local\nsteps: [validate]\n"], []),
    ])
    func `a change concerns those that are made of what it touches`(
        change: [String: String], found: [String]
    ) async throws {
        #expect(try await changed(change) == found)
    }

    @Test func `a pin and a comment concern nobody`() async throws {
        let pinned = """
            # pinned
            ref: a/one@1
            build: {context: .}
            image: {platforms: {amd64: "ghcr.io/a/b@sha256:\(Self.digest)"}}
            """
        #expect(try await changed(["registry/processors/a_one/registry.yaml": pinned]) == [])
    }

    @Test func `a file that is gone counts`() async throws {
        #expect(
            try await changed(["registry/processors/a_one/app/main.py": nil, "registry/processors/a_one/app/x.py": "1"])
                == ["a/one@1 registry/processors/a_one/app/main.py removed"])
    }
}
