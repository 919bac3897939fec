import FoundationEssentials
import Git
import TestSupport
import Testing

@Suite(.tags(.medium))
struct WorkTreeTests {
    /// What git itself makes of the working tree, with a new index and objects elsewhere.
    private func expected(_ checkout: GitCheckout) throws -> String {
        let elsewhere = try TemporaryFolder()
        try checkout.git(["clone", "--quiet", "--bare", ".", elsewhere.path + "/bare"])
        let common = ["--git-dir", elsewhere.path + "/bare", "--work-tree", checkout.path]
        try checkout.git(common + ["add", "--all"])
        return try checkout.git(common + ["ls-tree", "-r", checkout.git(common + ["write-tree"])])
    }

    private func listing(_ commit: Commit, _ repository: GitRepository) async throws -> String {
        try await repository.files(at: commit.id).map { file in
            let mode = String(file.mode.rawValue, radix: 8)
            return "\(mode) \(file.mode == .submodule ? "commit" : "blob") \(file.id)\t\(file.path)"
        }.joined(separator: "\n")
    }

    /// Every file below `.git` with its bytes and its time.
    private func state(of checkout: GitCheckout) throws -> [String: String] {
        var state: [String: String] = [:]
        let root = checkout.path + "/.git"
        for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
            let facts = try FileManager.default.attributesOfItem(atPath: root + "/" + path)
            let bytes = try? Data(contentsOf: URL(filePath: root + "/" + path))
            state[path] = "\(facts[.modificationDate] ?? "") \(bytes?.base64EncodedString() ?? "")"
        }
        return state
    }

    @Test func `it holds what is changed, new, removed, staged and linked, and leaves git's folder as it is`()
        async throws
    {
        let checkout = try GitCheckout([
            ".gitignore": "ignored\n", "same": "1", "changed": "1", "removed/file": "1", "folder/file": "1",
            "file": "1", "staged": "1", "run": "1",
        ])
        try checkout.write(["staged": "2"])
        try checkout.git(["add", "staged"])
        try checkout.write(["changed": "2", "new/deep/file": "new", "ignored": "x", "new.txt": "n"])
        let files = FileManager.default
        try files.removeItem(atPath: checkout.path + "/removed")
        try files.removeItem(atPath: checkout.path + "/folder")
        try checkout.write(["folder": "now a file"])
        try files.removeItem(atPath: checkout.path + "/file")
        try checkout.write(["file/inside": "now a folder"])
        try files.createSymbolicLink(atPath: checkout.path + "/link", withDestinationPath: "new/deep")
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: checkout.path + "/run")
        let before = try state(of: checkout)

        let repository = try GitRepository(at: checkout.path)
        let commit = try await repository.workTreeCommit()
        #expect(
            try await repository.files(at: commit.id).map(\.path) == [
                ".gitignore", "changed", "file/inside", "folder", "link", "new.txt", "new/deep/file", "run", "same",
                "staged",
            ])
        #expect(try await repository.file(at: "link", in: commit.id)?.mode == .symlink)
        #expect(try await repository.file(at: "run", in: commit.id)?.mode == .executable)
        let entry = try #require(try await repository.file(at: "changed", in: commit.id))
        #expect(try await repository.blob(entry.id) == Array("2".utf8))
        #expect(try await repository.commit(at: "HEAD").id == commit.parents.first)
        #expect(try state(of: checkout) == before)
        let (found, wanted) = (try await listing(commit, repository), try expected(checkout))
        #expect(found == wanted)
    }

    @Test func `the same working tree is the same commit, and a clean one has HEAD's tree`() async throws {
        let checkout = try GitCheckout(["a": "1", "d/b": "2"])
        let repository = try GitRepository(at: checkout.path)
        let head = try await repository.commit(at: "HEAD")
        let clean = try await repository.workTreeCommit()
        #expect(clean.tree == head.tree)
        #expect(try await repository.changedPaths(from: head.id, to: clean.id).isEmpty)
        try checkout.write(["a": "2"])
        let dirty = try await repository.workTreeCommit()
        #expect(try await repository.changedPaths(from: head.id, to: dirty.id).map(\.path) == ["a"])
        #expect(try await GitRepository(at: checkout.path).workTreeCommit() == dirty)
        #expect(try await repository.mergeBase(dirty.id, head.id) == head.id)
        #expect(try await repository.history(of: "a", from: dirty.id).map(\.id) == [dirty.id, head.id])
    }

    @Test func `before the first commit it has no parent`() async throws {
        let checkout = try GitCheckout()
        try checkout.write(["a": "1"])
        let commit = try await GitRepository(at: checkout.path).workTreeCommit()
        #expect(commit.parents.isEmpty)
        #expect(try expectedEmpty(checkout) == commit.tree.hex)
    }

    private func expectedEmpty(_ checkout: GitCheckout) throws -> String {
        try checkout.git(["add", "--all"])
        return try checkout.git(["write-tree"])
    }

    @Test func `a real commit of the same content reaches the disk`() async throws {
        let checkout = try GitCheckout(["a": "1"])
        try checkout.write(["a": "2"])
        let repository = try GitRepository(at: checkout.path)
        let head = try await repository.commit(at: "HEAD").id
        let memory = try await repository.workTreeCommit()
        let id = try #require(
            try await repository.commit(
                [.write(path: "a", content: Array("2".utf8))], onto: head, moving: "refs/heads/main", message: "real",
                as: RepositoryFixture.authorship, time: 0))
        #expect(try checkout.git(["show", "\(id):a"]) == "2")
        #expect(try checkout.git(["fsck", "--strict"]) == "")
        let error = await #expect(throws: GitError.self) {
            try await repository.commit(
                [.write(path: "b", content: [])], onto: memory.id, moving: "refs/heads/side", message: "no",
                as: RepositoryFixture.authorship, time: 0)
        }
        #expect(error?.kind == .invalid)
        let other = await #expect(throws: GitError.self) {
            try await repository.move("refs/heads/side", to: memory.id, expecting: nil)
        }
        #expect(other?.kind == .invalid)
    }

    @Test func `a submodule is the commit that it has checked out`() async throws {
        let inner = try GitCheckout(["x": "1"])
        let outer = try GitCheckout(["a": "1"])
        try outer.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path, "sub"])
        try outer.commit([:])
        let sub = outer.path + "/sub"
        try outer.git(["commit", "--quiet", "--allow-empty", "--message", "next"], in: sub)
        let checkedOut = try outer.git(["rev-parse", "HEAD"], in: sub)
        let repository = try GitRepository(at: outer.path)
        let commit = try await repository.workTreeCommit()
        let entry = try #require(try await repository.file(at: "sub", in: commit.id))
        #expect(entry.mode == .submodule)
        #expect(entry.id.hex == checkedOut)
    }

    @Test func `line ends are stored as git stores them`() async throws {
        let checkout = try GitCheckout([".gitattributes": "*.txt text\n"])
        try checkout.write(["a.txt": "one\r\ntwo\r\n", "b.bin": "one\r\n"])
        let repository = try GitRepository(at: checkout.path)
        let commit = try await repository.workTreeCommit()
        let entry = try #require(try await repository.file(at: "a.txt", in: commit.id))
        #expect(try await repository.blob(entry.id) == Array("one\ntwo\n".utf8))
        let (found, wanted) = (try await listing(commit, repository), try expected(checkout))
        #expect(found == wanted)
    }

    @Test func `a conflicted file counts with what is in it`() async throws {
        let checkout = try GitCheckout(["a": "base\n"])
        try checkout.git(["checkout", "--quiet", "-b", "side"])
        try checkout.commit(["a": "side\n"])
        try checkout.git(["checkout", "--quiet", "main"])
        try checkout.commit(["a": "main\n"])
        #expect(throws: GitError.self) { try checkout.git(["merge", "--quiet", "side"]) }
        let repository = try GitRepository(at: checkout.path)
        let commit = try await repository.workTreeCommit()
        let entry = try #require(try await repository.file(at: "a", in: commit.id))
        #expect(String(decoding: try await repository.blob(entry.id), as: UTF8.self).contains("<<<<<<<"))
        #expect(entry.mode == .file)
    }

    @Test func `files outside a sparse checkout are kept`() async throws {
        let checkout = try GitCheckout(["in/a": "1", "out/b": "2"])
        try checkout.git(["sparse-checkout", "set", "in"])
        #expect(!FileManager.default.fileExists(atPath: checkout.path + "/out/b"))
        let repository = try GitRepository(at: checkout.path)
        let commit = try await repository.workTreeCommit()
        #expect(try await repository.files(at: commit.id).map(\.path) == ["in/a", "out/b"])
    }

    @Test func `a file announced with intent to add is there`() async throws {
        let checkout = try GitCheckout(["a": "1"])
        try checkout.write(["b": "", "c": "text"])
        try checkout.git(["add", "--intent-to-add", "b", "c"])
        let repository = try GitRepository(at: checkout.path)
        let commit = try await repository.workTreeCommit()
        let (found, wanted) = (try await listing(commit, repository), try expected(checkout))
        #expect(found == wanted)
        let entry = try #require(try await repository.file(at: "b", in: commit.id))
        #expect(try await repository.blob(entry.id).isEmpty)
    }

    @Test func `a bare repository has no working tree`() async throws {
        let fixture = try await RepositoryFixture(["a": "1"])
        let error = await #expect(throws: GitError.self) { try await fixture.repository.workTreeCommit() }
        #expect(error?.kind == .invalid)
    }
}
