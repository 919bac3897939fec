import DeploymentModel
import Git
import JSON
import RegistryCatalog
import TestSupport
import Testing
import YAML

/// New processors, read back by the catalog that has to find them.
@Suite(.tags(.medium))
struct ScaffoldTests {
    private func catalog(_ scaffold: ProcessorScaffold) async throws -> Catalog {
        let files = Dictionary(uniqueKeysWithValues: scaffold.files.map { ("\(scaffold.folder)/\($0.key)", $0.value) })
        let fixture = try await RepositoryFixture(files)
        return try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
    }

    @Test(
        arguments: ["text/stats@1", "text/stats@2", "a-b/c_d@1", "a/b_v2@1", "0/0@12"],
        [ProcessorAPI.Transport.ws, .http])
    func `a new processor is found and has nothing wrong with it`(
        text: String, transport: ProcessorAPI.Transport
    ) async throws {
        let ref = try ProcessorRef(text)
        let catalog = try await catalog(ProcessorScaffold(ref, transport: transport, in: "registry/processors"))
        #expect(catalog.diagnostics.isEmpty, "\(catalog.diagnostics)")
        let spec = try #require(catalog.processors.first)
        #expect(spec.ref == ref)
        #expect(spec.api == ProcessorAPI(transport: transport))
        #expect(spec.outputs.files == [DeclaredOutput(path: "result.json", mime: "application/json")])
        #expect(spec.build?.args.isEmpty == true)
        #expect(try JSONSchema(SpecSchema.processor.document).validate(spec.json) == [])
    }

    @Test func `its smoke inputs are what its inputs allow`() async throws {
        let scaffold = try ProcessorScaffold(ProcessorRef("a/b@1"), transport: .http, in: "registry/processors")
        let spec = try #require(try await catalog(scaffold).processors.first)
        #expect(try JSONSchema(#require(spec.inputs)).accepts(spec.smokeInputs))
    }

    @Test func `it can be built, and only what the image needs is in its key`() async throws {
        let scaffold = try ProcessorScaffold(ProcessorRef("a/b@1"), transport: .ws, in: "registry/processors")
        let files = Dictionary(uniqueKeysWithValues: scaffold.files.map { ("\(scaffold.folder)/\($0.key)", $0.value) })
        let fixture = try await RepositoryFixture(files)
        func key() async throws -> [InputKey] {
            let catalog = try await Catalog(of: fixture.repository.commit(at: "main"), in: fixture.repository)
            let reader = DesiredStateReader(catalog, in: fixture.repository, environment: .standardLocal)
            let (state, diagnostics) = try await reader.read(branch: "main", pins: .record)
            #expect(diagnostics.isEmpty, "\(diagnostics)")
            guard case .build(let recipe) = state.processors.first?.source else { return [] }
            return Platform.allCases.compactMap { recipe.keys[$0] }
        }
        let first = try await key()
        #expect(first.count == 2)
        try await fixture.commit(["\(scaffold.folder)/test_processor.py": "# other"])
        #expect(try await key() == first)
        try await fixture.commit(["\(scaffold.folder)/app/processor.py": "# other"])
        #expect(try await key() != first)
    }

    @Test func `images of one's own become build arguments`() async throws {
        let scaffold = try ProcessorScaffold(
            ProcessorRef("a/b@1"), transport: .http, in: "./code//processors/",
            base: ImageReference("127.0.0.1:5075/p:3"),
            wheels: ImageReference("127.0.0.1:5075/w:3"))
        #expect(scaffold.folder == "code/processors/a_b")
        let catalog = try await catalog(scaffold)
        #expect(catalog.diagnostics.isEmpty, "\(catalog.diagnostics)")
        #expect(
            catalog.processors.first?.build?.args == ["BASE": "127.0.0.1:5075/p:3", "WHEELS": "127.0.0.1:5075/w:3"])
    }

    @Test(arguments: ["registry", "registry/processors/text", "/srv/processors", "../processors", ""])
    func `a folder that no catalog looks into is refused`(folder: String) throws {
        let ref = try ProcessorRef("a/b@1")
        let failure = #expect(throws: Failure.self) { try ProcessorScaffold(ref, transport: .ws, in: folder) }
        #expect(failure?.code == .spec)
        #expect(failure?.remedy?.contains("registry/processors") == true)
    }

    @Test(arguments: [ProcessorAPI.Transport.ws, .http])
    func `every text ends in one line break, has no tab and fits 120 columns`(transport: ProcessorAPI.Transport) throws
    {
        let scaffold = try ProcessorScaffold(ProcessorRef("a/b@1"), transport: transport, in: "registry/processors")
        #expect(scaffold.files.count == 9)
        for (path, text) in scaffold.files where !text.isEmpty {
            #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"), "\(path)")
            #expect(!text.contains("\t"), "\(path)")
            for line in text.split(separator: "\n") { #expect(line.count <= 120, "\(path): \(line)") }
        }
    }
}
