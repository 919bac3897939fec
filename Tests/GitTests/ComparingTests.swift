import Git
import TestSupport
import Testing

@Suite(.tags(.medium))
struct ComparingTests {
    @Test func `changed paths are what was written, removed and added, in byte order`() async throws {
        let fixture = try await RepositoryFixture(["a": "1", "d/b": "2", "d/deep/c": "3", "same/x": "4"])
        let old = try await fixture.repository.commit(at: "main").id
        let new = try await fixture.commit(["a": nil, "d/deep/c": "changed", "d.txt": "new", "d/z/y": "new"])
        let changes = try await fixture.repository.changedPaths(from: old, to: new)
        #expect(changes.map(\.path) == ["a", "d.txt", "d/deep/c", "d/z/y"])
        #expect(changes.map { $0.old != nil } == [true, false, true, false])
        #expect(changes.map { $0.new != nil } == [false, true, true, true])
        let entry = try await fixture.repository.file(at: "d/deep/c", in: new)
        #expect(changes[2].new == entry?.id)
        #expect(try await fixture.repository.changedPaths(from: new, to: new).isEmpty)
    }

    @Test func `from nothing all files are new`() async throws {
        let fixture = try await RepositoryFixture(["a": "1", "d/b": "2"])
        let changes = try await fixture.repository.changedPaths(
            from: nil, to: fixture.repository.commit(at: "main").id)
        #expect(changes.map(\.path) == ["a", "d/b"])
        #expect(changes.allSatisfy { $0.old == nil && $0.new != nil })
    }

    @Test func `a file that became a folder is gone and its files are new`() async throws {
        let checkout = try GitCheckout(["a": "1"])
        let old = try #require(ObjectID(checkout.git(["rev-parse", "HEAD"])))
        try checkout.git(["rm", "--quiet", "a"])
        let new = try #require(ObjectID(try checkout.commit(["a/b": "2"])))
        let repository = try GitRepository(at: checkout.path)
        let changes = try await repository.changedPaths(from: old, to: new)
        #expect(changes.map(\.path) == ["a", "a/b"])
        #expect(changes.map { $0.new == nil } == [true, false])
    }

    @Test func `a file made executable is changed though its blob is not`() async throws {
        let checkout = try GitCheckout(["run": "1"])
        let repository = try GitRepository(at: checkout.path)
        let old = try await repository.commit(at: "HEAD").id
        try checkout.git(["update-index", "--chmod=+x", "run"])
        try checkout.git(["commit", "--quiet", "--message", "x"])
        let changes = try await repository.changedPaths(from: old, to: repository.commit(at: "HEAD").id)
        #expect(changes.map(\.path) == ["run"])
        #expect(changes[0].old == changes[0].new)
    }

    @Test func `the merge base is where branches part, and nothing for strangers`() async throws {
        let checkout = try GitCheckout(["a": "1"])
        let fork = try checkout.git(["rev-parse", "HEAD"])
        let ours = try #require(ObjectID(try checkout.commit(["a": "2"])))
        try checkout.git(["checkout", "--quiet", "-b", "side", fork])
        let theirs = try #require(ObjectID(try checkout.commit(["b": "3"])))
        try checkout.git(["checkout", "--quiet", "--orphan", "stranger"])
        let stranger = try #require(ObjectID(try checkout.commit(["c": "4"])))
        let repository = try GitRepository(at: checkout.path)
        #expect(try await repository.mergeBase(ours, theirs)?.hex == fork)
        #expect(try await repository.mergeBase(ours, stranger) == nil)
        let missing = try #require(ObjectID(String(repeating: "0", count: 39) + "1"))
        let error = await #expect(throws: GitError.self) { try await repository.mergeBase(ours, missing) }
        #expect(error?.kind == .notFound)
    }

    @Test func `a path's history is the commits that changed it, along first parents`() async throws {
        let checkout = try GitCheckout(["a": "1", "b": "1"])
        let first = try checkout.git(["rev-parse", "HEAD"])
        try checkout.commit(["b": "2"])
        let third = try checkout.commit(["a": "3"])
        try checkout.git(["checkout", "--quiet", "-b", "side"])
        try checkout.commit(["a": "side"])
        try checkout.git(["checkout", "--quiet", "main"])
        try checkout.commit(["b": "4"])
        try checkout.git(["merge", "--quiet", "--no-edit", "side"])
        let merge = try checkout.git(["rev-parse", "HEAD"])
        let repository = try GitRepository(at: checkout.path)
        let head = try await repository.commit(at: "HEAD").id
        #expect(try await repository.history(of: "a", from: head).map(\.id.hex) == [merge, third, first])
        #expect(try await repository.history(of: "a", from: head, limit: 2).map(\.id.hex) == [merge, third])
        #expect(try await repository.history(of: "nowhere", from: head).isEmpty)
        let expected = try checkout.git(["log", "--first-parent", "--format=%H", "--", "b"])
        #expect(
            try await repository.history(of: "b", from: head).map(\.id.hex).joined(separator: "\n") == expected)
    }

    @Test func `a path's history begins where it appears, and a changed mode is part of it`() async throws {
        let checkout = try GitCheckout(["a": "1"])
        let added = try checkout.commit(["folder/run": "1"])
        try checkout.git(["update-index", "--chmod=+x", "folder/run"])
        try checkout.git(["commit", "--quiet", "--message", "x"])
        let repository = try GitRepository(at: checkout.path)
        let head = try await repository.commit(at: "HEAD").id
        #expect(try await repository.history(of: "folder/run", from: head).map(\.id.hex) == [head.hex, added])
        #expect(try await repository.history(of: "folder", from: head).count == 2)
    }

    @Test func `a removal is part of a path's history`() async throws {
        let fixture = try await RepositoryFixture(["a": "1", "b": "1"])
        let removal = try await fixture.commit(["a": nil])
        let tip = try await fixture.commit(["b": "2"])
        #expect(try await fixture.repository.history(of: "a", from: tip).first?.id == removal)
    }
}
