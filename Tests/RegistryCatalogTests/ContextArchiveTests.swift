import DeploymentModel
import FoundationEssentials
import Git
import RegistryCatalog
import TestSupport
import Testing

@Suite(.tags(.medium))
struct ContextArchiveTests {
    private static let folder = "registry/processors/text_stats"

    private func archive(
        _ fixture: RepositoryFixture, dockerfile: String = "\(folder)/Dockerfile", into folder: TemporaryFolder
    ) async throws -> (Data, ContextArchive) {
        let commit = try await fixture.repository.commit(at: "main").id.hex
        let recipe = BuildRecipe(
            repository: try ImageReference("127.0.0.1:1/x"), commit: commit, context: Self.folder,
            dockerfile: dockerfile, args: [:], target: nil, keys: [:])
        let source = GitContextSource(fixture.repository, temporaryFolder: folder.path)
        let archive = try await source.archive(of: recipe)
        return (try Data(contentsOf: URL(filePath: archive.path)), archive)
    }

    /// Names and sizes of the entries, read by the format's own rules.
    private func entries(_ tar: Data) -> [String] {
        var names: [String] = []
        var offset = 0
        var long: String?
        while offset + 512 <= tar.count, tar[offset] != 0 {
            let block = Array(tar[offset..<offset + 512])
            let name = String(decoding: block[0..<100].prefix { $0 != 0 }, as: UTF8.self)
            let size = Int(String(decoding: block[124..<135], as: UTF8.self), radix: 8) ?? 0
            offset += 512
            if block[156] == UInt8(ascii: "x") {
                let records = String(decoding: tar[offset..<offset + size], as: UTF8.self)
                long = records.split(separator: "\n").first { $0.contains(" path=") }?.split(
                    separator: "=", maxSplits: 1
                ).last.map(String.init)
            } else {
                names.append(long ?? name)
                long = nil
            }
            offset += (size + 511) / 512 * 512
        }
        return names
    }

    @Test func `an archive holds what the build can see, and no catalog file`() async throws {
        let long = String(repeating: "deep/", count: 30) + "file.txt"
        let fixture = try await RepositoryFixture(
            Specs.repository([
                "\(Self.folder)/\(long)": "x", "\(Self.folder)/.dockerignore": "secret*\n",
                "\(Self.folder)/secret.txt": "s", "\(Self.folder)/Dockerfile": "FROM scratch\nCOPY . /\n",
            ]))
        let folder = try TemporaryFolder()
        let (tar, archive) = try await archive(fixture, into: folder)
        let names = entries(tar)
        #expect(archive.dockerfile == "Dockerfile")
        #expect(names.filter { !$0.hasSuffix("/") } == [".dockerignore", "Dockerfile", "app/main.py", long])
        #expect(tar.count % 512 == 0)
    }

    @Test func `an archive holds no more than the Dockerfile takes, and the Dockerfile`() async throws {
        let fixture = try await RepositoryFixture(
            Specs.repository(["\(Self.folder)/notes.txt": "x", "\(Self.folder)/.dockerignore": "Dockerfile\n"]))
        let folder = try TemporaryFolder()
        let (tar, archive) = try await archive(fixture, into: folder)
        #expect(entries(tar) == ["Dockerfile", "app/", "app/main.py"])
        #expect(archive.dockerfile == "Dockerfile")
    }

    @Test func `a Dockerfile that the build must not see has another name in the archive`() async throws {
        let fixture = try await RepositoryFixture(
            Specs.repository([
                "\(Self.folder)/.dockerignore": "Dockerfile\n.dockerignore\n",
                "\(Self.folder)/Dockerfile": "FROM scratch\nCOPY . /\n",
            ]))
        let folder = try TemporaryFolder()
        let (tar, archive) = try await archive(fixture, into: folder)
        #expect(entries(tar) == [".dockerignore", ".pinion.Dockerfile", "app/", "app/main.py"])
        #expect(archive.dockerfile == ".pinion.Dockerfile")
        #expect(archive.hidden == HiddenEntries([".pinion.Dockerfile", ".dockerignore"], areIgnored: true))
    }

    /// The classic builder of the engine goes by `.dockerignore`, and a build may copy that one.
    @Test func `an ignore file that the build sees hides the Dockerfile where it belongs`() async throws {
        let fixture = try await RepositoryFixture(
            Specs.repository([
                "\(Self.folder)/.dockerignore": "Dockerfile\n", "\(Self.folder)/Dockerfile": "FROM scratch\nCOPY . /\n",
            ]))
        let folder = try TemporaryFolder()
        let (tar, archive) = try await archive(fixture, into: folder)
        #expect(entries(tar) == [".dockerignore", "Dockerfile", "app/", "app/main.py"])
        #expect(archive.dockerfile == "Dockerfile")
        #expect(archive.hidden == HiddenEntries(["Dockerfile"], areIgnored: true))
    }

    @Test func `an ignore file of the Dockerfile's own hides it from nobody but buildx`() async throws {
        let fixture = try await RepositoryFixture(
            Specs.repository([
                "\(Self.folder)/.dockerignore": "*.md\n", "\(Self.folder)/Dockerfile.dockerignore": "Dockerfile*\n",
                "\(Self.folder)/Dockerfile": "FROM scratch\nCOPY . /\n",
            ]))
        let folder = try TemporaryFolder()
        let (tar, archive) = try await archive(fixture, into: folder)
        #expect(entries(tar) == [".dockerignore", ".pinion.Dockerfile", "app/", "app/main.py"])
        #expect(archive.hidden == HiddenEntries([".pinion.Dockerfile"], areIgnored: false))
    }

    @Test func `a Dockerfile that must not be seen lies outside of the folders that are copied`() async throws {
        let fixture = try await RepositoryFixture(
            Specs.repository([
                "\(Self.folder)/.dockerignore": "app/Dockerfile\n",
                "\(Self.folder)/app/Dockerfile": "FROM scratch\nCOPY app /\n",
            ]))
        let folder = try TemporaryFolder()
        let (tar, archive) = try await archive(fixture, dockerfile: "\(Self.folder)/app/Dockerfile", into: folder)
        #expect(entries(tar) == [".pinion.Dockerfile", "app/", "app/main.py"])
        #expect(archive.hidden == nil)
    }

    @Test func `the same commit gives the same bytes`() async throws {
        let fixture = try await RepositoryFixture(Specs.repository())
        let folder = try TemporaryFolder()
        let (one, _) = try await archive(fixture, into: folder)
        let (two, _) = try await archive(fixture, into: folder)
        #expect(one == two)
    }
}
