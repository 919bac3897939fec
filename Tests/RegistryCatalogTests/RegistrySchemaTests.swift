import DeploymentModel
import Git
import JSON
import RegistryCatalog
import TestSupport
import Testing
import YAML

/// The JSON Schemas of registry files, held against what the readers say of the same texts.
@Suite(.tags(.medium))
struct RegistrySchemaTests {
    private static let folders: [SpecSchema: String] = [
        .tool: "tools", .schema: "schemas", .policy: "policies", .prompt: "prompts",
    ]

    private func violations(_ text: String, _ kind: SpecSchema) throws -> [SchemaViolation] {
        let json = try #require(try YAMLDocument(Array(text.utf8)).root?.json)
        return try JSONSchema(kind.document).validate(json)
    }

    /// Claims that the reader finds an error in the text.
    private func hasErrors(_ text: String, _ kind: SpecSchema) async throws -> Bool {
        let path =
            switch kind {
            case .processor: "registry/processors/text_stats.yaml"
            case .environments: "pipelines/environments.yaml"
            case .lane: "pipelines/x.yaml"
            default: "registry/\(Self.folders[kind] ?? "")/x.yaml"
            }
        let fixture = try await RepositoryFixture([path: text])
        return try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository).hasErrors
    }

    @Test(arguments: SpecSchema.allCases)
    func `every one is a JSON Schema of 2020-12 that describes all its fields`(kind: SpecSchema) throws {
        let document = kind.document
        #expect(document["$schema"] == "https://json-schema.org/draft/2020-12/schema")
        #expect(JSONSchema.check(schema: document) == [])
        let fields = try #require(document["properties"]?.objectValue)
        for (name, field) in fields where name != "<<" {
            #expect(field["description"]?.stringValue?.isEmpty == false, "\(kind) \(name)")
        }
        #expect(kind.document.pretty == document.pretty)
    }

    @Test func `the files of the sample registry fit`() throws {
        var count = 0
        for (path, text) in try Samples.registry() {
            let kind =
                if path.hasPrefix("registry/processors/") { SpecSchema.processor } else if path.hasPrefix("pipelines/")
                {
                    path == "pipelines/environments.yaml" ? SpecSchema.environments : .lane
                } else {
                    try #require(Self.folders.first { path.hasPrefix("registry/\($0.value)/") }?.key)
                }
            #expect(try violations(text, kind) == [], "\(path)")
            count += 1
        }
        #expect(count == 15)
    }

    @Test(arguments: [
        "name: text/stats@1", "name: text/stats\nversion: 1", "ref: text/stats@1\nimage:\nbuild:\nruntime:\nsecrets:",
        "ref: text/stats@1\nruntime: {memory: 2Gi, timeout: 10m, gpu: false}",
        "ref: text/stats@1\nruntime: {memory: 512, timeout: 90, gpu: T4, cpu: 0.5}",
        "ref: text/stats@1\nsecrets: [A, b_2]", "ref: text/stats@1\nsecrets: {required: [A], optional: null}",
        "ref: text/stats@1\nadapter: {modal: {memory: 1024, timeout: 60, secrets: [x]}, local: 1}",
        "ref: text/stats@1\nentrypoint: {cmd: [x]}\npolicy: x\nenabled: false\nx-more: {a: 1}",
        "ref: text/stats@1\nimage: {oci: \"ghcr.io/a/b:v1\", dockerfile: D, build: {args: {A: 1, B: true, C: null}, tag: t}}",
        "ref: text/stats@1\noutputs: {writes: [{prefix: /artifacts/x/}]}",
        "ref: text/stats@1\noutputs: {type: array, minItems: 1}", "ref: text/stats@1\noutputs: []",
        "ref: text/stats@1\ninputs: {schema: {type: object}}", "ref: text/stats@1\n$shema: x",
        "x-limits: &limits {cpu: 2}\nref: text/stats@1\nruntime: {<<: *limits, timeout_s: 5}",
        "ref: text/stats@1\napi: {protocol: http, dialect: request}\nsmoke: {startup_s: 60}",
        "ref: text/stats@1\npredicates: {admission: [{id: image.pinned@1}]}",
        "ref: text/stats@1\nimage: {default_platform: linux/arm64}",
    ])
    func `what the reader accepts of a processor fits`(text: String) async throws {
        #expect(try await !hasErrors(text, .processor))
        #expect(try violations(text, .processor) == [])
    }

    @Test(arguments: [
        "title: x", "name: a name for people", "ref: 1", "ref: text/stats", "ref: Text/stats@1", "ref: text/stats@01",
        "ref: text/stats@1\nenabled: yes please", "ref: text/stats@1\nname: 7", "ref: text/stats@1\nimage: []",
        "ref: text/stats@1\nimage: {platforms: {amd64: [x]}}", "ref: text/stats@1\nimage: {default_platform: mips}",
        "ref: text/stats@1\nimage: {track: 5}", "ref: text/stats@1\nbuild: {context: 1}",
        "ref: text/stats@1\nbuild: {port: 0}", "ref: text/stats@1\nbuild: {port: 65536}",
        "ref: text/stats@1\nbuild: {args: {A: [1]}}", "ref: text/stats@1\nbuild: {args: [A]}",
        "ref: text/stats@1\nruntime: {cpu: many}", "ref: text/stats@1\nruntime: {cpu: 0}",
        "ref: text/stats@1\nruntime: {memory_gb: 5000}", "ref: text/stats@1\nruntime: {timeout_s: 0}",
        "ref: text/stats@1\nruntime: {timeout_s: 1.5}", "ref: text/stats@1\nruntime: {gpu: true}",
        "ref: text/stats@1\nruntime: {memory: 2 GB}", "ref: text/stats@1\nruntime: {timeout: 2d}",
        "ref: text/stats@1\nruntime: {timeout: 0}", "ref: text/stats@1\nsecrets: {required: [1x]}",
        "ref: text/stats@1\nsecrets: [a-b]", "ref: text/stats@1\nsecrets: A",
        "ref: text/stats@1\napi: {protocol: grpc}", "ref: text/stats@1\napi: {path: run}",
        "ref: text/stats@1\napi: {dialect: other}", "ref: text/stats@1\ninputs: [x]",
        "ref: text/stats@1\noutputs: x", "ref: text/stats@1\noutputs: [{mime: x}]",
        "ref: text/stats@1\noutputs: [{path: 1}]", "ref: text/stats@1\noutputs: {writes: x}",
        "ref: text/stats@1\nprompt: nothing", "ref: text/stats@1\nprompts: [Nothing@1]",
        "ref: text/stats@1\nsmoke: {startup_s: 4000}", "ref: text/stats@1\npredicates: {success: [{args: {}}]}",
        "ref: text/stats@1\npredicates: {success: [{id: image.pinned@1}]}",
        "ref: text/stats@1\npredicates: {success: [{id: artifact.exists@1}]}",
        "ref: text/stats@1\npredicates: {success: [{id: file.size_gt@1, args: {path: x, min_bytes: -1}}]}",
    ])
    func `what the reader refuses of a processor does not fit`(text: String) async throws {
        #expect(try await hasErrors(text, .processor))
        #expect(try !violations(text, .processor).isEmpty)
    }

    @Test(arguments: [
        (SpecSchema.tool, "id: t@1\nadapter: local"), (.tool, "id: t@1\nadapter: moon\nentry_point: x"),
        (.tool, "id: t@1\nentry_point: x\ninputs: [{name: a, type: sting}]"),
        (.tool, "id: t@1\nentry_point: x\noutputs: [{type: string}]"), (.tool, "id: T@1\nentry_point: x"),
        (.tool, "id: t@1\nentry_point: x\ntimeout_s: 0"), (.schema, "id: s@1"), (.schema, "id: s@1\nschema: x"),
        (.schema, "schema: {}"), (.policy, "id: p@1\nretry: {max_attempts: 0}"),
        (.policy, "id: p@1\nretry: {backoff_ms: [1.5]}"), (.policy, "id: p@1\nleases: {default_ttl_s: 0}"),
        (.policy, "id: p@1\nimmutable: some"), (.policy, "id: p@1\nbudget: {max_usd_micro: -1}"), (.prompt, "id: p@1"),
        (.prompt, "id: p@1\ntemplate: [{role: robot, content: x}]"), (.prompt, "id: p@1\ntemplate: [{role: user}]"),
        (.prompt, "id: p@1\ntemplate: '{{a}}'\nvariables: {a: {type: text}}"),
        (.prompt, "id: p@1\ntemplate: x\nmodel: {max_tokens: 0}"), (.environments, "{}"),
        (.environments, "environments: []"), (.environments, "environments: {a: {target: moon}}"),
        (.environments, "environments: {a: {pins: nowhere}}"), (.environments, "environments: {a: {registry: 1}}"),
        (.lane, "environment: local"), (.lane, "steps: [validate]"), (.lane, "environment: local\nsteps: []"),
        (.lane, "environment: local\nsteps: [valdate]"), (.lane, "environment: local\nsteps: [promote]"),
        (.lane, "environment: local\nsteps: [{build: {platforms: [mips]}}]"),
        (.lane, "environment: local\nsteps: [{smoke: {adapter: moon}}]"),
        (.lane, "environment: local\nsteps: [{drift: {live: maybe}}]"),
        (.lane, "environment: local\nsteps: [{validate: , report: }]"),
        (.lane, "environment: local\nsteps: [{validate: [x]}]"),
        (.lane, "environment: local\nallow_real: 1\nsteps: [validate]"), (.lane, "environment: 1\nsteps: [validate]"),
    ])
    func `what the readers refuse of other files does not fit`(kind: SpecSchema, text: String) async throws {
        #expect(try await hasErrors(text, kind))
        #expect(try !violations(text, kind).isEmpty)
    }

    @Test(arguments: [
        (SpecSchema.tool, "id: t@1\nentry_point: x\nsecrets: [A]\nadapter:"), (.schema, "id: s@1\nschema: true"),
        (.policy, "id: p@1\nimmutable: all\nbudget:"), (.prompt, "id: p@1\ntemplate: x\nmodel: {top_p: 1}"),
        (.prompt, "id: p@1\ntemplate: x {{a}}\nvariables: {a: {type: string, required: true, default: 1}}"),
        (.environments, "environments: {a: {target: docker, pins: branch}, b: {}}"),
        (.lane, "environment: local\nsteps: [validate, {report: }]"),
        (
            .lane,
            "name: x\nenvironment: local\nchanged_only: true\nallow_real: false\nsteps: [build: {platforms: [host]}, smoke: {image: build}]"
        ),
    ])
    func `what the readers accept of other files fits`(kind: SpecSchema, text: String) async throws {
        #expect(try await !hasErrors(text, kind))
        #expect(try violations(text, kind) == [])
    }

    @Test func `a slip in a name is told, although the reader only warns`() async throws {
        let text = "ref: text/stats@1\nimage: {platform: {}}"
        #expect(try await !hasErrors(text, .processor))
        #expect(try violations(text, .processor).map { $0.instance.description } == ["/image/platform"])
    }

    @Test(arguments: [
        "/version", "/entrypoint", "/adapter", "/policy", "/$shema", "/image/properties/oci",
        "/image/properties/build", "/image/properties/dockerfile", "/runtime/properties/memory",
        "/runtime/properties/timeout", "/build/properties/tag",
    ])
    func `older spellings are marked, and say what to write`(place: String) throws {
        let field = try #require(
            SpecSchema.processor.document[JSONPointer(parsing: "/properties" + place)], "\(place)")
        #expect(field["deprecated"] == true)
        #expect(field["description"]?.stringValue?.contains("An older spelling: ") == true)
    }
}
