import Git
import TestSupport
import Testing

extension Tag {
    @Tag static var medium: Self
}

@Suite(.tags(.medium))
struct GitRepositoryTests {
    @Test func `files of a commit are listed with their paths and read back`() async throws {
        let fixture = try await RepositoryFixture(["a.txt": "one", "folder/b.txt": "two", "folder/deep/c": "three"])
        let commit = try await fixture.repository.commit(at: "main")
        let files = try await fixture.repository.files(at: commit.id)
        #expect(files.map(\.path) == ["a.txt", "folder/b.txt", "folder/deep/c"])
        #expect(
            try await fixture.repository.files(at: commit.id, under: "folder").map(\.path) == [
                "folder/b.txt", "folder/deep/c",
            ])
        #expect(try await fixture.repository.files(at: commit.id, under: "a.txt").isEmpty)
        #expect(try await fixture.repository.files(at: commit.id, under: "nowhere").isEmpty)
        let entry = try #require(try await fixture.repository.file(at: "folder/b.txt", in: commit.id))
        #expect(try await fixture.repository.blob(entry.id) == Array("two".utf8))
        #expect(try await fixture.repository.file(at: "folder", in: commit.id) == nil)
    }

    @Test func `a commit changes only what it says`() async throws {
        let fixture = try await RepositoryFixture(["a.txt": "one", "folder/b.txt": "two"])
        try await fixture.commit(["folder/b.txt": nil, "new/c.txt": "three"], message: "second")
        let commit = try await fixture.repository.commit(at: "main")
        #expect(try await fixture.repository.files(at: commit.id).map(\.path) == ["a.txt", "new/c.txt"])
        #expect(commit.message == "second")
        #expect(commit.parents.count == 1)
        #expect(commit.time == 1_700_000_000)
        #expect(commit.author == "Test <test@example.com>")
    }

    @Test func `a change that changes nothing makes no commit`() async throws {
        let fixture = try await RepositoryFixture(["a.txt": "one"])
        let tip = try #require(try await fixture.repository.target(of: "refs/heads/main"))
        let commit = try await fixture.repository.commit(
            [.write(path: "a.txt", content: Array("one".utf8))], onto: tip, moving: "refs/heads/main", message: "no",
            as: RepositoryFixture.authorship, time: 0)
        #expect(commit == nil)
        #expect(try await fixture.repository.target(of: "refs/heads/main") == tip)
    }

    @Test func `a reference that moved meanwhile is not moved again`() async throws {
        let fixture = try await RepositoryFixture(["a.txt": "one"])
        let old = try #require(try await fixture.repository.target(of: "refs/heads/main"))
        try await fixture.commit(["a.txt": "two"])
        let error = await #expect(throws: GitError.self) {
            try await fixture.repository.commit(
                [.write(path: "a.txt", content: Array("three".utf8))], onto: old, moving: "refs/heads/main",
                message: "late",
                as: RepositoryFixture.authorship, time: 0)
        }
        #expect(error?.kind == .conflict)
        #expect(try await fixture.text("a.txt") == "two")
    }

    @Test func `a new reference is not laid over an existing one`() async throws {
        let fixture = try await RepositoryFixture(["a.txt": "one"])
        let error = await #expect(throws: GitError.self) {
            try await fixture.repository.commit(
                [.write(path: "a.txt", content: [])], onto: nil, moving: "refs/heads/main", message: "over",
                as: RepositoryFixture.authorship, time: 0)
        }
        #expect(error?.kind == .conflict)
    }

    @Test func `eight writers lose no update`() async throws {
        let fixture = try await RepositoryFixture(["start": "x"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    let repository = try GitRepository(at: fixture.path)
                    while true {
                        let tip = try await repository.target(of: "refs/heads/main")
                        do throws(GitError) {
                            _ = try await repository.commit(
                                [.write(path: "w\(writer)", content: [1])], onto: tip, moving: "refs/heads/main",
                                message: "w", as: RepositoryFixture.authorship, time: 0)
                            return
                        } catch { if error.kind != .conflict { throw error } }
                    }
                }
            }
            try await group.waitForAll()
        }
        let commit = try await fixture.repository.commit(at: "main")
        #expect(try await fixture.repository.files(at: commit.id).count == 9)
    }

    @Test func `writers who all find no reference yet lose no update either`() async throws {
        let fixture = try await RepositoryFixture()
        for round in 0..<100 {
            let reference = "refs/pinion/round-\(round)"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    let repository = try GitRepository(at: fixture.path)
                    group.addTask {
                        while true {
                            let tip = try await repository.target(of: reference)
                            do throws(GitError) {
                                _ = try await repository.commit(
                                    [.write(path: "w\(writer)", content: [1])], onto: tip, moving: reference,
                                    message: "w", as: RepositoryFixture.authorship, time: 0)
                                return
                            } catch { if error.kind != .conflict { throw error } }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let commit = try await fixture.repository.commit(at: reference)
            #expect(try await fixture.repository.files(at: commit.id).count == 8)
        }
    }

    @Test func `a folder without git is told as such`() async throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: GitError.self) { try GitRepository(at: folder.path) }
        #expect(error?.kind == .notARepository)
    }

    @Test func `a revision that does not exist is told as such`() async throws {
        let fixture = try await RepositoryFixture(["a": "b"])
        let error = await #expect(throws: GitError.self) { try await fixture.repository.commit(at: "refs/heads/none") }
        #expect(error?.kind == .notFound)
    }

    @Test func `descent is told from unrelated commits`() async throws {
        let fixture = try await RepositoryFixture(["a": "1"])
        let first = try await fixture.repository.commit(at: "main").id
        let second = try await fixture.commit(["a": "2"])
        #expect(try await fixture.repository.descends(second, from: first))
        #expect(try await fixture.repository.descends(first, from: first))
        #expect(try await !fixture.repository.descends(first, from: second))
    }
}
