import DeploymentModel
import Git
import JSON
import RegistryCatalog
import TestSupport
import Testing

/// Findings across fields and files, each made to happen.
@Suite(.tags(.medium))
struct CheckTests {
    private func catalog(_ files: [String: String]) async throws -> Catalog {
        let fixture = try await RepositoryFixture(files)
        return try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
    }

    private func findings(_ text: String, more: [String: String] = [:]) async throws -> [String] {
        let files = ["registry/processors/text_stats.yaml": "ref: text/stats@1\n" + text]
        return try await catalog(files.merging(more) { $1 }).diagnostics.map {
            "\($0.line ?? 0):\($0.column ?? 0) \($0.code.rawValue) \($0.message)"
        }
    }

    @Test(arguments: [
        ("success: [{id: artifact.exist@1, args: {path: x}}]", "there is no predicate 'artifact.exist@1'"),
        ("admission: [{id: artifact.exists@1, args: {path: x}}]", "'artifact.exists@1' belongs to predicates.success"),
        ("success: [{id: artifact.exists@1}]", "'artifact.exists@1' needs the argument 'path'"),
        (
            "success: [{id: file.size_gt@1, args: {path: x, min_bytes: many}}]",
            "'min_bytes' of 'file.size_gt@1' should be a whole number of at least 0"
        ),
        (
            "success: [{id: json.schema_ok@1, args: {path: x, schema_ref: none@1}}]",
            "there is no schema none@1 in the registry"
        ),
        ("admission: [{args: {}}]", "a predicate has no 'id'"),
    ])
    func `predicates are checked against what Pinion evaluates`(text: String, message: String) async throws {
        let found = try await findings("predicates:\n  \(text)")
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasSuffix(message) == true, "\(found)")
    }

    @Test func `predicates of the sample kind are fine`() async throws {
        let text = """
            predicates:
              admission:
                - {id: budget.available@1, args: {required_usd_micro: 1000}}
                - {id: image.pinned@1}
              success:
                - {id: json.schema_ok@1, args: {path: "${outputs.x}", schema_ref: a@1}}
            """
        #expect(try await findings(text, more: ["registry/schemas/a.yaml": "id: a@1\nschema: {type: object}"]).isEmpty)
    }

    @Test(arguments: [
        ("inputs: {type: objekt}", "2:16"), ("inputs: {type: object, properties: {a: {minimum: low}}}", "2:50"),
        ("inputs: {type: object, required: a}", "2:34"), ("outputs: {type: array, items: {pattern: '['}}", "2:41"),
        ("inputs: {$ref: nowhere@1}", "2:"), ("smoke: {expect: {required: 1}}", "2:28"),
    ])
    func `a schema that is none is told at its place`(text: String, place: String) async throws {
        let found = try await findings(text)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasPrefix(place) == true, "\(found)")
    }

    @Test(arguments: [
        ("inputs: {type: object, required: [a]}\nsmoke: {inputs: {b: 1}}", "3:17"),
        ("inputs: {properties: {a: {type: string}}, examples: [{a: x}, {a: 1}]}", "2:66"),
    ])
    func `inputs that don't fit their own schema are told`(text: String, place: String) async throws {
        let found = try await findings(text)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasPrefix("\(place) ERR_INPUTS") == true, "\(found)")
    }

    @Test func `a schema of the registry can be referred to by its id`() async throws {
        let more = ["registry/schemas/a.yaml": "id: media.metadata@1\nschema: {type: object}"]
        #expect(try await findings("inputs: {$ref: media.metadata@1}", more: more).isEmpty)
    }

    @Test(arguments: ["../x", "a/../b", "/etc/passwd", "a%2Fb", "a\\\\b", ".git/x"])
    func `an output path outside the rules is refused`(path: String) async throws {
        let found = try await findings("outputs: [{path: \"\(path)\"}]")
        #expect(!found.isEmpty)
    }

    @Test func `a pasted secret is found and never shown`() async throws {
        let key = "sk-" + "a8Zk39fjQp20XmvB71LwTe64"
        let catalog = try await catalog([
            "registry/processors/text_stats.yaml": """
            ref: text/stats@1
            build:
              args: {KEY: \(key)}
            """,
            "registry/tools/t.yaml": "id: t@1\nentry_point: x\nadapter: local\ndescription: |\n  \(key)\n",
            "registry/prompts/p.yaml": "id: p@1\ntemplate: say \(key.dropFirst(3))\n",
        ])
        #expect(catalog.diagnostics.map(\.code) == [.missingSecret, .missingSecret], "\(catalog.diagnostics)")
        #expect(
            catalog.diagnostics.allSatisfy {
                $0.hidesSource && !$0.message.contains(key) && $0.fix?.contains(key) == false
            })
        #expect(catalog.processors.isEmpty)
    }

    @Test(arguments: [
        ("amd64: sha256:pending, arm64: sha256:pending", ["note"]), ("amd64: REPLACE_ME, arm64: placeholder", ["note"]),
        ("amd64: \"ghcr.io/a/x@sha256:\(hex)\", arm64: \"ghcr.io/a/x@sha256:\(hex)\"", []),
        ("amd64: \"ghcr.io/a/x@sha256:\(hex)\", arm64: sha256:pending", ["error"]),
        ("amd64: \"ghcr.io/a/x@sha256:\(hex)\", arm64: \"ghcr.io/a/x:latest\"", ["error", "error"]),
        ("amd64: \"ghcr.io/a/x@sha256:\(hex)\", arm64: \"ghcr.io/b/x@sha256:\(hex)\"", ["error"]),
        ("amd64: \"ghcr.io/a/x:v1\", arm64: \"ghcr.io/a/x:v1\"", ["error", "error"]),
    ])
    func `unpinned and half-pinned images are told apart`(slots: String, severities: [String]) async throws {
        let catalog = try await catalog([
            "registry/processors/text_stats.yaml": "ref: text/stats@1\nimage:\n  platforms: {\(slots)}\nbuild: {}\n"
        ])
        #expect(catalog.diagnostics.isEmpty, "\(catalog.diagnostics)")
        let found = catalog.pinDiagnostics()
        #expect(found.map(\.severity.rawValue).sorted() == severities.sorted(), "\(found)")
        #expect(found.allSatisfy { $0.code == .imageUnpinned && $0.line == 3 && $0.fix != nil })
    }

    @Test(arguments: [
        ("prompts", "id: p@1\ntemplate: 'say {{wrod}}'\nvariables: {word: {type: string}}", ["2:11", "3:13"]),
        ("prompts", "id: p@1\ntemplate: [{role: robot, content: x}]", ["2:19"]), ("prompts", "id: p@1", [":"]),
        ("tools", "id: t@1\nadapter: moon\nentry_point: x", ["2:10"]), ("tools", "id: t@1\nadapter: local", [":"]),
        ("tools", "id: t@1\nentry_point: x\ninputs: [{name: a, type: sting}]", ["3:26"]),
        ("tools", "id: t@1\nentry_point: a/../b", ["2:14"]),
        ("tools", "id: t@1\nentry_point: m.f\nadapter: tool", ["2:14"]),
        ("policies", "id: p@1\nretry: {max_attempts: 0}", ["2:23"]),
        ("policies", "id: p@1\nbudget: {max_usd: 1}", ["2:10"]),
        ("schemas", "id: s@1\nschema: {type: 1}", ["2:16"]), ("schemas", "id: s@1", [":"]),
        ("schemas", "id: S@1\nschema: {}", ["1:5"]),
        ("schemas", "schema: {}", [":"]),
    ])
    func `tools, schemas, policies and prompts are checked too`(folder: String, text: String, places: [String])
        async throws
    {
        let catalog = try await catalog(["registry/\(folder)/x.yaml": text])
        let found = catalog.diagnostics.map { "\($0.line.map(String.init) ?? ""):\($0.column.map(String.init) ?? "")" }
        #expect(found == places, "\(catalog.diagnostics)")
    }

    @Test func `two files with one id are refused`() async throws {
        let text = "id: a@1\nschema: {}"
        let catalog = try await catalog(["registry/schemas/a.yaml": text, "registry/schemas/b.yaml": text])
        #expect(catalog.diagnostics.map(\.code) == [.nameCollision])
        #expect(catalog.diagnostics.first?.file == "registry/schemas/b.yaml")
    }
}

private let hex = String(repeating: "ab", count: 32)
