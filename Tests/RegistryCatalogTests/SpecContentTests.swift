import DeploymentModel
import Git
import RegistryCatalog
import TestSupport
import Testing

/// The content decides what a file is; its path has to agree.
@Suite(.tags(.medium))
struct SpecContentTests {
    private static let texts = [
        ("processors", "processor", "ref: a/x@1\n"), ("tools", "tool", "id: x@1\nentry_point: m.f\n"),
        ("schemas", "schema", "id: x@1\nschema: {}\n"), ("policies", "policy", "id: x@1\nretry: {max_attempts: 1}\n"),
        ("prompts", "prompt", "id: x@1\ntemplate: say\n"),
    ]

    @Test(arguments: texts, texts)
    func `a spec where another kind belongs is told so, and where to go`(
        content: (folder: String, noun: String, text: String), place: (folder: String, noun: String, text: String)
    ) async throws {
        let fixture = try await RepositoryFixture(["registry/\(place.folder)/a_x.yaml": content.text])
        let found = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository).diagnostics
        if content.folder == place.folder {
            #expect(found.isEmpty, "\(found)")
        } else {
            #expect(
                found.map(\.message) == [
                    "this is a \(content.noun) by what it says, and a \(place.noun) by its path"
                ])
            #expect(found.first?.fix == "move it below registry/\(content.folder)/")
        }
    }

    @Test func `what says nothing, or several things, is read as its path has it`() async throws {
        let several = "id: x@1\nschema: {}\ntemplate: x\n"
        for (folder, text) in [
            ("prompts", "id: x@1\n"), ("prompts", several), ("schemas", several), ("tools", "schema: {}\n"),
        ] {
            let fixture = try await RepositoryFixture(["registry/\(folder)/x.yaml": text])
            let found = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository).diagnostics
            #expect(!found.contains { $0.message.contains("by its path") }, "\(found)")
        }
    }
}
