import DeploymentModel
import Git
import RegistryCatalog
import TestSupport
import Testing

@Suite(.tags(.medium))
struct CatalogTests {
    private func catalog(_ files: [String: String]) async throws -> Catalog {
        let fixture = try await RepositoryFixture(files)
        return try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
    }

    @Test func `processors are found in all three layouts`() async throws {
        let catalog = try await catalog([
            "registry/processors/llm/litellm.yaml": Specs.processor("llm/litellm@1"),
            "registry/processors/media_metadata.yaml": Specs.processor("media/metadata@1"),
            "code/apps/processors/text_stats/registry.yaml": Specs.processor("text/stats@1"),
            "tools/web/fetch/3/registry.yaml": Specs.processor("web/fetch@3"),
            "registry/processors/text_stats@2.yaml": Specs.processor("text/stats@2"),
            "docs/registry.yaml": "not: a spec", "README.md": "x",
        ])
        #expect(catalog.diagnostics.isEmpty, "\(catalog.diagnostics)")
        #expect(
            catalog.processors.map(\.ref.description)
                == ["llm/litellm@1", "media/metadata@1", "text/stats@1", "text/stats@2", "web/fetch@3"])
    }

    @Test func `everything that is wrong with a file is said at once, with its place`() async throws {
        let path = "registry/processors/text_stats/registry.yaml"
        let catalog = try await catalog([
            path: """
            ref: text/stats@01
            image:
              platform: {amd64: x}
            runtime: {cpu: many, timeout_s: 0}
            api: {protocol: grpc, path: run}
            runtime: {}
            secrets: {required: [1x]}
            """
        ])
        let found = catalog.diagnostics.map { "\($0.line ?? 0):\($0.column ?? 0) \($0.severity) \($0.code.rawValue)" }
        #expect(
            found == [
                "1:6 error ERR_SPEC", "3:3 warning ERR_SPEC", "4:16 error ERR_SPEC", "4:33 error ERR_SPEC",
                "5:17 error ERR_SPEC", "5:29 error ERR_SPEC", "6:1 error ERR_YAML", "7:22 error ERR_SPEC",
            ])
        #expect(catalog.processors.isEmpty)
        #expect(catalog.processorFiles == 1)
        #expect(catalog.diagnostics[1].fix == "did you mean 'platforms'?")
        #expect(catalog.sources[path] != nil)
    }

    @Test(arguments: ["ref:", "ref: ~", "ref: 1", "ref: [a]", "", "- a", "ref: text/stats@1\n---\nref: text/stats@1"])
    func `no spec is dropped without a word`(text: String) async throws {
        let catalog = try await catalog(["registry/processors/text_stats/registry.yaml": text])
        #expect(catalog.processors.isEmpty)
        #expect(catalog.diagnostics.contains { $0.severity == .error }, "\(text)")
    }

    @Test func `a broken file leaves the others alone`() async throws {
        let catalog = try await catalog([
            "registry/processors/a_b/registry.yaml": "ref: [",
            "registry/processors/text_stats/registry.yaml": Specs.processor(),
        ])
        #expect(catalog.processors.map(\.ref.description) == ["text/stats@1"])
        #expect(catalog.diagnostics.map(\.code) == [.yaml])
    }

    @Test func `a path that disagrees with its ref is an error`() async throws {
        let catalog = try await catalog([
            "registry/processors/text_stats/registry.yaml": Specs.processor("text/other@1")
        ])
        #expect(catalog.diagnostics.map(\.message) == ["'ref' says text/other@1, but the path says text_stats"])
    }

    @Test func `two refs that map to one name are refused with both files`() async throws {
        let catalog = try await catalog([
            "registry/processors/a-b_c.yaml": Specs.processor("a-b/c@1"),
            "registry/processors/a_b_c.yaml": Specs.processor("a/b-c@1"),
        ])
        #expect(catalog.diagnostics.map(\.code) == [.nameCollision])
        #expect(catalog.diagnostics.first?.message.contains("registry/processors/a-b_c.yaml") == true)
        #expect(catalog.processors.count == 1)
    }

    @Test func `merge keys and anchors are applied`() async throws {
        let catalog = try await catalog([
            "registry/processors/text_stats.yaml": """
            x-limits: &limits {cpu: 2, timeout_s: 5}
            ref: text/stats@1
            runtime:
              <<: *limits
              cpu: 4
            """
        ])
        #expect(catalog.diagnostics.isEmpty, "\(catalog.diagnostics)")
        #expect(catalog.processors.first?.runtime.cpu == 4)
        #expect(catalog.processors.first?.runtime.timeoutSeconds == 5)
    }

    @Test func `the snapshot id follows the content and nothing else`() async throws {
        let one = try await catalog(Specs.repository())
        let two = try await catalog(Specs.repository(["README.md": "other"]))
        let three = try await catalog(Specs.repository(["registry/schemas/a.yaml": "id: a@1\nschema: {}\n"]))
        #expect(try one.snapshotID() == two.snapshotID())
        #expect(try one.snapshotID() != three.snapshotID())
    }

    @Test func `environments are read, and local is always there`() async throws {
        let none = try await catalog(Specs.repository())
        #expect(none.environment(named: "local")?.pins == .record)
        #expect(none.environment(named: "dev") == nil)
        let some = try await catalog([
            "pipelines/environments.yaml": """
            environments:
              local: {target: docker, registry: "127.0.0.1:9/mine", pins: commit}
              dev: {target: docker, pins: nowhere}
            """
        ])
        #expect(
            some.environment(named: "local")
                == EnvironmentSpec(name: "local", registry: "127.0.0.1:9/mine", pins: .commit))
        #expect(some.diagnostics.map(\.line) == [3])
    }
}
