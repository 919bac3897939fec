import DeploymentModel
import Git
import JSON
import RegistryCatalog
import TestSupport
import Testing

/// Whole files as older registries have them, and cross-checks that no other test makes happen.
@Suite(.tags(.medium))
struct OldFilesTests {
    private func catalog(_ files: [String: String]) async throws -> Catalog {
        let fixture = try await RepositoryFixture(files)
        return try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
    }

    /// Every older spelling of a processor at once, where it was written.
    private static let old = """
        $shema: https://example.com/registry.schema.json
        name: media/metadata
        version: 1
        description: Reads metadata
        enabled: true
        image:
          oci: "ghcr.io/acme/metadata:v1@sha256:\(String(repeating: "ab", count: 32))"
          dockerfile: docker/Dockerfile.old
          build:
            context: code/metadata
            tag: acme/metadata:dev
        entrypoint:
          cmd: [python, -m, app]
        adapter:
          modal:
            cpu: 2
            memory: 2Gi
            timeout: 10m
            gpu: false
            secrets: [IGNORED_HERE]
        runtime:
          cpu: 4
        secrets: [API_KEY, OTHER_KEY]
        policy: default@1
        inputs:
          schema:
            type: object
            properties: {url: {type: string}}
        outputs:
          writes:
            - prefix: /artifacts/outputs/media/
        """

    @Test(arguments: [
        "registry/processors/media_metadata.yaml", "registry/processors/media/metadata.yaml",
        "code/apps/processors/media_metadata/registry.yaml", "tools/media/metadata/1/registry.yaml",
    ])
    func `every older spelling is read in every layout, for what it means`(path: String) async throws {
        let catalog = try await catalog([path: Self.old])
        #expect(catalog.diagnostics.allSatisfy { $0.severity == .note }, "\(catalog.diagnostics)")
        let spec = try #require(catalog.processors.first)
        #expect(spec.ref.description == "media/metadata@1")
        #expect(spec.title == nil && spec.summary == "Reads metadata" && spec.isEnabled)
        #expect(spec.build?.dockerfile == "docker/Dockerfile.old")
        #expect(spec.build?.context == "code/metadata")
        #expect(spec.runtime.cpu == 4)
        #expect(spec.runtime.memoryBytes == 2 << 30)
        #expect(spec.runtime.timeoutSeconds == 600)
        #expect(spec.runtime.gpu == nil)
        #expect(spec.secrets == SecretNames(required: ["API_KEY", "OTHER_KEY"]))
        #expect(spec.inputs?["properties"]?["url"]?["type"] == "string")
        #expect(spec.outputs == .prefixes(["/artifacts/outputs/media/"]))
        #expect(spec.image.pins.count == 1)
    }

    @Test(arguments: ["$schema", "$Schema", "$shema", "$scheme"])
    func `the schema's line is read past in its common spellings`(name: String) async throws {
        let text = "\(name): ../processor.schema.json\nref: text/stats@1\n"
        #expect(try await catalog(["registry/processors/text_stats.yaml": text]).diagnostics.isEmpty)
    }

    @Test(arguments: [
        ("prompt: nowhere@1", "there is no prompt nowhere@1 in the registry"),
        ("prompts: [sumarise@1]", "there is no prompt sumarise@1 in the registry"),
        ("secrets: [lower-case]", "environment variable"), ("secrets: {optional: ['A B']}", "environment variable"),
        ("secrets: {required: ['\u{0663}KEY']}", "environment variable"),
    ])
    func `what a spec names has to be there, and secrets have the names of variables`(
        text: String, message: String
    ) async throws {
        let found = try await catalog([
            "registry/processors/text_stats.yaml": "ref: text/stats@1\n" + text,
            "registry/prompts/summarise.yaml": "id: summarise@1\ntemplate: x\n",
        ]).diagnostics
        #expect(found.map(\.severity) == [.error], "\(found)")
        #expect(found.first?.line == 2 && found.first?.message.contains(message) == true, "\(found)")
        if text.contains("sumarise") { #expect(found.first?.fix == "did you mean 'summarise@1'?") }
    }

    @Test func `a tool's prompt has to be there`() async throws {
        let found = try await catalog(["registry/tools/t.yaml": "id: t@1\nentry_point: x\nprompt: none@1\n"])
            .diagnostics
        #expect(found.map(\.message) == ["there is no prompt none@1 in the registry"])
    }

    @Test func `a value that nobody types, under a name that tells, is taken for a secret`() async throws {
        let value = "q7Zt0bXv" + "93LmKc2RsW1y"
        func codes(_ line: String) async throws -> [ErrorCode] {
            let text = "ref: text/stats@1\nbuild:\n  args:\n    \(line)\n"
            return try await catalog(["registry/processors/text_stats.yaml": text]).diagnostics.map(\.code)
        }
        #expect(try await codes("API_TOKEN: \(value)") == [.missingSecret])
        #expect(try await codes("REVISION: \(value)") == [])
        #expect(try await codes("API_TOKEN: aaaaaaaaaaaaaaaaaaaaaaaaa") == [])
        #expect(try await codes("API_TOKEN: short") == [])
    }

    @Test(arguments: [
        ("build: {}", "Dockerfile"), ("build: {dockerfile: other/Dockerfile}", "other/Dockerfile"),
        ("build: {context: nowhere}", "nowhere"),
    ])
    func `a Dockerfile or context that is missing at the commit is a finding of validation`(
        text: String, message: String
    ) async throws {
        let fixture = try await RepositoryFixture([
            "code/processors/text_stats/registry.yaml": "ref: text/stats@1\n" + text
        ])
        let commit = try await fixture.repository.commit(at: "main")
        let found = try await Validation(of: commit, in: fixture.repository).diagnostics
        let errors = found.filter { $0.severity == .error }
        #expect(errors.count == 1 && errors.first?.message.contains(message) == true, "\(found)")
    }

    @Test func `versions of one name share a repository, other names don't`() async throws {
        let shared = try await catalog([
            "registry/processors/text_stats.yaml": "ref: text/stats@1\n",
            "registry/processors/text_stats_v2.yaml": "ref: text/stats@2\n",
        ])
        #expect(shared.diagnostics.isEmpty, "\(shared.diagnostics)")
        let twice = try await catalog([
            "registry/processors/text_stats.yaml": "ref: text/stats@1\n",
            "tools/text/stats/1/registry.yaml": "ref: text/stats@1\n",
        ])
        #expect(twice.diagnostics.map(\.code) == [.nameCollision])
    }
}
