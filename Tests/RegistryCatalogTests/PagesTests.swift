import DeploymentModel
import FoundationEssentials
import Git
import RegistryCatalog
import TestSupport
import Testing

/// Pages about a registry, made out of catalogs that were read from git.
@Suite(.tags(.medium))
struct PagesTests {
    private func catalog(_ files: [String: String]) async throws -> Catalog {
        let fixture = try await RepositoryFixture(files)
        return try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
    }

    private func page(_ more: String) async throws -> String {
        let text = "ref: text/stats@1\n" + more
        let catalog = try await catalog(["registry/processors/text_stats.yaml": text])
        #expect(!catalog.hasErrors, "\(catalog.diagnostics)")
        return try #require(RegistryPages(catalog).files["processors/text_stats_v1.md"])
    }

    @Test func `the sample registry has an index and a page for every spec`() async throws {
        let catalog = try await catalog(Samples.registry())
        #expect(catalog.diagnostics.isEmpty, "\(catalog.diagnostics)")
        let files = RegistryPages(catalog).files
        #expect(
            files.keys.sorted() == [
                "index.md", "policies/default_v1.md", "processors/llm_litellm_v1.md",
                "processors/media_metadata_v1.md", "processors/text_hash_v1.md", "processors/text_stats_v1.md",
                "prompts/summarise_v1.md", "schemas/media.metadata_v1.md", "tools/text.count_v1.md",
                "tools/text.llm_v1.md",
            ])
        let index = try #require(files["index.md"])
        #expect(index.contains("| [text/stats@1](processors/text_stats_v1.md) | Text statistics | http | no |  |"))
        for text in files.values { #expect(RegistryPages.isPage(text.utf8) && text.hasSuffix("\n")) }
    }

    @Test func `every link of a page leads to another page`() async throws {
        let files = RegistryPages(try await catalog(Samples.registry())).files
        var links = 0
        for (path, text) in files {
            for match in text.matches(of: #/\]\(([^)]+)\)/#) {
                let target = String(match.1)
                let resolved = target.hasPrefix("../") ? String(target.dropFirst(3)) : target
                #expect(path.contains("/") == target.hasPrefix("../"), "\(path): \(target)")
                #expect(files[resolved] != nil, "\(path): \(target)")
                links += 1
            }
        }
        #expect(links > 8)
    }

    @Test func `a processor's page says what its users need`() async throws {
        let page = try #require(
            RegistryPages(try await catalog(Samples.registry())).files["processors/llm_litellm_v1.md"])
        for line in [
            "# llm/litellm@1", "| Function | `exec__llm_litellm__v1` |", "| Repository | `llm-litellm` |",
            "| Spec | `registry/processors/llm_litellm/registry.yaml` |",
            "| `params.messages` | array of object |  |  | Items at least `1` |",
            "| `params.messages[].role` | `\"system\"`, `\"user\"`, `\"assistant\"` | yes |  |  |",
            "| `params.model` | string |  | `\"gpt-4o-mini\"` | Characters at least `1` |",
            "| `text/response.txt` | `text/plain` |  |", "| linux/arm64 | not pinned |", "| `OPENAI_API_KEY` | yes |",
            "| `LITELLM_API_BASE` |  |", "| Memory | 2 GiB |", "| before a run | `budget.available@1` |",
            "```json\n{\n  \"params\": {", "Nowhere, as far as records say.",
        ] { #expect(page.contains(line), "\(line) in \(page)") }
        #expect(page.contains("Exactly one of `messages`, `prompt`"))
    }

    @Test func `deployments are listed by environment`() async throws {
        let ref = try ProcessorRef("text/stats@1")
        let catalog = try await catalog(Specs.repository())
        let deployments = ["staging", "local"].map {
            RegistryPages.Deployment(
                environment: $0, ref: ref, platform: .amd64, digest: "sha256:\(hex)",
                commit: String(repeating: "c", count: 40))
        }
        let one = RegistryPages(catalog, deployments: deployments).files
        let other = RegistryPages(catalog, deployments: deployments.reversed()).files
        #expect(one == other)
        let page = try #require(one["processors/text_stats_v1.md"])
        let rows = page.split(separator: "\n").filter { $0.contains("`cccccccccccc`") }
        #expect(
            rows == [
                "| local | linux/amd64 | `sha256:\(hex)` | `cccccccccccc` |",
                "| staging | linux/amd64 | `sha256:\(hex)` | `cccccccccccc` |",
            ])
        #expect(one["index.md"]?.contains("| local, staging |") == true)
    }

    @Test func `true pins are shown`() async throws {
        let pin = "ghcr.io/a/x@sha256:\(hex)"
        let page = try await page("image: {platforms: {amd64: \"\(pin)\", arm64: \"\(pin)\"}}")
        #expect(page.contains("| linux/amd64 | `\(pin)` |\n| linux/arm64 | `\(pin)` |"))
    }

    @Test func `the same content gives the same bytes on another commit`() async throws {
        let fixture = try await RepositoryFixture(Samples.registry())
        let first = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
        try await fixture.commit(["docs/README.md": "other"])
        let second = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
        #expect(first.commit.id != second.commit.id)
        #expect(RegistryPages(first).files == RegistryPages(second).files)
    }

    @Test(arguments: [
        ("a | b", "a \\| b"), ("<b>x</b> & *y*", "&lt;b&gt;x&lt;/b&gt; &amp; \\*y\\*"), ("- x", "\\- x"),
        ("1. x", "1\\. x"), ("[x](y) `z` _w_", "\\[x\\](y) \\`z\\` \\_w\\_"), ("a\\nb", "a b"), ("c:\\\\d", "c:\\\\d"),
    ])
    func `what people write is shown and never becomes mark-up`(text: String, shown: String) async throws {
        #expect(try await page("name: \"\(text)\"").contains("\n\n\(shown)\n\n"))
    }

    @Test func `a pipe or backtick in a value keeps to its cell`() async throws {
        let page = try await page(
            """
            inputs:
              properties:
                a: {type: string, pattern: "x|`y`", description: "one|two", default: "a|b"}
            """)
        #expect(
            page.contains("| `a` | string |  | `\"a\\|b\"` | one\\|two — Pattern `` x\\|`y` `` |"), "\(page)")
    }

    @Test func `a fence in smoke inputs does not end the block`() async throws {
        let page = try await page("smoke: {inputs: {a: \"```\"}}")
        #expect(page.contains("````json\n{\n  \"a\": \"```\"\n}\n````"))
    }

    @Test func `a schema that leads back into itself ends`() async throws {
        let page = try await page(
            """
            inputs:
              $ref: "#/$defs/node"
              $defs:
                node:
                  type: object
                  required: [name]
                  properties:
                    name: {type: string}
                    children: {type: array, items: {$ref: "#/$defs/node"}}
            """)
        #expect(page.contains("| `name` | string | yes |"))
        #expect(page.contains("| `children` | array of object |"))
        #expect(!page.contains("children[]"))
    }

    @Test func `definitions that name each other in every order end too`() async throws {
        let names = (0..<12).map { "n\($0)" }
        let definitions = names.map { name in
            "    \(name): {properties: {"
                + names.map { "\($0): {$ref: \"#/$defs/\($0)\"}" }.joined(separator: ", ") + "}}"
        }
        let page = try await page("inputs:\n  $ref: \"#/$defs/n0\"\n  $defs:\n" + definitions.joined(separator: "\n"))
        #expect(page.contains("| `n1` | object |"))
    }

    @Test func `older spellings and disabled processors have pages too`() async throws {
        let page = try await page(
            """
            enabled: false
            description: |
              One.

              Two.
            outputs: {writes: [{prefix: /artifacts/x/}]}
            secrets: [A_KEY]
            runtime: {memory: 512Mi, cpu: 0.5, gpu: T4}
            """)
        for line in [
            "It is disabled: no plan includes it.", "One.\n\nTwo.", "Files below `/artifacts/x/`.", "| `A_KEY` | yes |",
            "| Memory | 512 MiB |", "| CPUs | 0.5 |", "| GPU | T4 |", "| Source | its pins alone |",
        ] { #expect(page.contains(line), "\(line) in \(page)") }
    }

    @Test func `only a file that begins with the mark is a page`() {
        #expect(RegistryPages.isPage(Array("\(RegistryPages.mark)\r\nx".utf8)))
        #expect(!RegistryPages.isPage(Array(" \(RegistryPages.mark)\n".utf8)))
        #expect(!RegistryPages.isPage(Array("\(RegistryPages.mark) more\n".utf8)))
        #expect(!RegistryPages.isPage([]))
    }
}

/// The files of this checkout's own sample registry.
enum Samples {
    static func registry() throws -> [String: String] {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        var files: [String: String] = [:]
        for folder in ["registry", "pipelines"] {
            for path in try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")
            where path.hasSuffix(".yaml") {
                files["\(folder)/\(path)"] = try String(contentsOfFile: "\(root)/\(folder)/\(path)", encoding: .utf8)
            }
        }
        return files
    }
}

private let hex = String(repeating: "ab", count: 32)
