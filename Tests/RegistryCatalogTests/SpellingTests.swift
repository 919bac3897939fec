import DeploymentModel
import Git
import JSON
import RegistryCatalog
import TestSupport
import Testing

/// Old files are read as they are, and mean what they meant.
@Suite(.tags(.medium))
struct SpellingTests {
    private func read(_ text: String, at path: String = "registry/processors/text_stats.yaml") async throws -> (
        ProcessorSpec?, [Diagnostic]
    ) {
        let fixture = try await RepositoryFixture([path: text])
        let catalog = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
        return (catalog.processors.first, catalog.diagnostics.filter { $0.severity != .note })
    }

    @Test(arguments: [
        "name: text/stats@1", "name: text/stats\nversion: 1", "name: text/stats", "ref: text/stats@1\nversion: 1",
        "ref: text/stats@1\nversion: 1.2.0\ndescription: x",
    ])
    func `the ref is read from name and version too`(text: String) async throws {
        let (spec, diagnostics) = try await read(text)
        #expect(spec?.ref.description == "text/stats@1")
        #expect(diagnostics.isEmpty, "\(diagnostics)")
    }

    @Test func `a version that disagrees with the ref is an error`() async throws {
        let (spec, diagnostics) = try await read("ref: text/stats@1\nversion: 2")
        #expect(spec == nil)
        #expect(diagnostics.map(\.line) == [2])
    }

    @Test(arguments: [
        ("runtime: {memory: 512}", 512 << 20), ("runtime: {memory: 2Gi}", 2 << 30),
        ("runtime: {memory: 1G}", 1_000_000_000),
        ("runtime: {memory_gb: 0.5}", 512 << 20), ("adapter: {modal: {memory: 256}}", 256 << 20),
        ("adapter: {modal: {memory: 256}}\nruntime: {memory_gb: 1}", 1 << 30), ("", 1 << 30),
    ])
    func `memory is read in all its spellings`(text: String, bytes: Int) async throws {
        let (spec, diagnostics) = try await read("ref: text/stats@1\n" + text)
        #expect(spec?.runtime.memoryBytes == bytes)
        #expect(diagnostics.isEmpty, "\(diagnostics)")
    }

    @Test(arguments: [
        ("runtime: {timeout: 90}", 90), ("runtime: {timeout: 10m}", 600), ("runtime: {timeout: 1h}", 3600),
        ("runtime: {timeout_s: 5}", 5), ("adapter: {modal: {timeout: 30s}}", 30),
    ])
    func `a timeout is read in all its spellings`(text: String, seconds: Int) async throws {
        let (spec, diagnostics) = try await read("ref: text/stats@1\n" + text)
        #expect(spec?.runtime.timeoutSeconds == seconds)
        #expect(diagnostics.isEmpty, "\(diagnostics)")
    }

    @Test(arguments: [
        "runtime: {memory: lots}", "runtime: {memory: 2Ti}", "runtime: {timeout: 1d}", "runtime: {timeout: 0}",
        "runtime: {gpu: true}",
    ])
    func `a size that means nothing is an error`(text: String) async throws {
        let (spec, diagnostics) = try await read("ref: text/stats@1\n" + text)
        #expect(spec == nil)
        #expect(diagnostics.count == 1)
    }

    @Test(
        arguments: [
            ("gpu: false", nil), ("gpu: none", nil), ("gpu: \"None\"", nil), ("gpu: null", nil), ("gpu: no", "no"),
            ("gpu: T4", "T4"), ("gpu: A100-80GB", "A100-80GB"),
        ] as [(String, String?)])
    func `gpu names a type or nothing`(text: String, expected: String?) async throws {
        let (spec, _) = try await read("ref: text/stats@1\nruntime: {\(text)}")
        #expect(spec != nil)
        #expect(spec?.runtime.gpu == expected)
    }

    @Test func `secrets as a list are required`() async throws {
        let (spec, diagnostics) = try await read("ref: text/stats@1\nsecrets: [A, B]")
        #expect(spec?.secrets == SecretNames(required: ["A", "B"]))
        #expect(diagnostics.isEmpty)
    }

    @Test func `the build is read from the image part too, and its context from the root`() async throws {
        let fixture = try await RepositoryFixture([
            "registry/processors/llm/litellm.yaml": """
            ref: llm/litellm@1
            name: "LLM processor using LiteLLM"
            image:
              oci: "ghcr.io/theory/litellm:v1.2.3@sha256:\(String(repeating: "ab", count: 32))"
              build:
                context: "apps/core/processors/llm_litellm"
                dockerfile: "Dockerfile"
                tag: old
            entrypoint: {cmd: [python, main.py]}
            policy: default@1
            inputs:
              schema: {type: object}
            outputs:
              writes:
                - prefix: "/artifacts/outputs/text/"
            """,
            "apps/core/processors/llm_litellm/Dockerfile": "FROM scratch\n",
        ])
        let catalog = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
        #expect(catalog.diagnostics.map(\.severity) == [.note, .note, .note], "\(catalog.diagnostics)")
        let spec = try #require(catalog.processors.first)
        #expect(spec.image.pins.keys.map(\.self) == [.amd64])
        #expect(spec.inputs == ["type": "object"])
        let reader = DesiredStateReader(catalog, in: fixture.repository, environment: .standardLocal)
        let read = try await reader.read(branch: "main", pins: .record)
        #expect(read.diagnostics.isEmpty, "\(read.diagnostics)")
        guard case .build(let recipe) = read.state.processors.first?.source else {
            Issue.record("no build")
            return
        }
        #expect(recipe.context == "apps/core/processors/llm_litellm")
    }

    @Test func `a disabled processor is listed and left out of every plan`() async throws {
        let fixture = try await RepositoryFixture([
            "registry/processors/text_stats.yaml": "ref: text/stats@1\nenabled: false"
        ])
        let catalog = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
        #expect(catalog.processors.count == 1)
        let read = try await DesiredStateReader(catalog, in: fixture.repository, environment: .standardLocal)
            .read(branch: "main", pins: .record)
        #expect(read.state.processors.isEmpty)
    }
}
