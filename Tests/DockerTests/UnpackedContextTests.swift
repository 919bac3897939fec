import DeploymentModel
import FoundationEssentials
import Testing

@testable import Docker

@Suite("Contexts as folders", .tags(.medium), .timeLimit(.minutes(1)))
struct UnpackedContextTests {
    @Test("What the build must not see lies beside the context, not in it")
    func layout() async throws {
        let archive = try TarArchive([("x/Dockerfile", "FROM scratch"), (".dockerignore", "*\n"), ("y/a.txt", "a")])
        let hidden = HiddenEntries(["x/Dockerfile", ".dockerignore"], areIgnored: true)
        let request = try BuilderTests().request(archive.path, hidden: hidden)
        let scratch = try ScratchFolder(request)
        defer { scratch.remove() }
        let context = try await UnpackedContext(request, hiding: hidden, in: scratch)
        #expect(try FileManager.default.subpathsOfDirectory(atPath: context.folder).sorted() == ["y", "y/a.txt"])
        #expect(try String(contentsOfFile: context.dockerfile, encoding: .utf8) == "FROM scratch")
        let arguments = try BuilderTests().buildx().arguments(request, unpacked: context, output: "o")
        #expect(arguments.contains(context.dockerfile) && arguments.last == context.folder)
    }

    @Test("An archive that can't be read is a failed build")
    func broken() async throws {
        let hidden = HiddenEntries(["x/Dockerfile"], areIgnored: true)
        let request = try BuilderTests().request("/nowhere/context.tar", hidden: hidden)
        let scratch = try ScratchFolder(request)
        defer { scratch.remove() }
        await expectFailure(.imageBuild, "can't be laid out") {
            try await UnpackedContext(request, hiding: hidden, in: scratch)
        }
    }
}
