import FolderWatch
import FoundationEssentials
import TestSupport
import Testing

/// On the system's own reports.
@Suite(.tags(.medium), .timeLimit(.minutes(2)))
struct FolderWatcherTests {
    /// A folder that is watched, and what is told of it.
    private struct Watched {
        let folder: TemporaryFolder
        let watcher: FolderWatcher
        let told: AsyncStream<[String]>

        func write(_ name: String, _ text: String = "text") throws {
            let file = URL(filePath: folder.path + "/" + name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }

        /// Waits until this path is told of.
        func isTold(of name: String) async -> Bool {
            for await paths in told where paths.contains(folder.path + "/" + name) { return true }
            return false
        }

        /// Writes a file that is watched for certain, and gives what is told up to it.
        func toldUpToNow() async throws -> [String] {
            let name = "mark-\(UInt32.random(in: .min ... .max))"
            try write(name)
            var all: [String] = []
            for await paths in told {
                all += paths
                if paths.contains(folder.path + "/" + name) { break }
            }
            return all.filter { !$0.contains("/mark-") }
        }
    }

    private func watching(
        _ files: [String] = [], leavingOut: Set<String> = [], root: String? = nil, isDeep: Bool = true,
        _ body: (Watched) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let watcher = try FolderWatcher { path in
            leavingOut.contains(path.split(separator: "/").last.map(String.init) ?? "")
        }
        let (told, continuation) = AsyncStream.makeStream(of: [String].self)
        let watched = Watched(folder: folder, watcher: watcher, told: told)
        for file in files { try watched.write(file) }
        try await watcher.watch(root.map { folder.path + "/" + $0 } ?? folder.path, isDeep: isDeep)
        let following = Task { try await watcher.follow { continuation.yield($0) } }
        let result: Result<Void, any Error>
        do { result = .success(try await body(watched)) } catch { result = .failure(error) }
        following.cancel()
        _ = await following.result
        try result.get()
    }

    @Test func `what is written, moved, removed or made executable is told`() async throws {
        try await watching(["a.txt", "deep/er/b.txt"]) { watched in
            try watched.write("a.txt", "other")
            #expect(await watched.isTold(of: "a.txt"))
            try watched.write("deep/er/b.txt", "other")
            #expect(await watched.isTold(of: "deep/er/b.txt"))
            // As most editors save: a new file takes the place of the old one.
            try watched.write("a.txt.new")
            try FileManager.default.moveItem(
                atPath: watched.folder.path + "/a.txt.new", toPath: watched.folder.path + "/deep/c.txt")
            #expect(await watched.isTold(of: "deep/c.txt"))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: watched.folder.path + "/deep/c.txt")
            #expect(await watched.isTold(of: "deep/c.txt"))
            try FileManager.default.removeItem(atPath: watched.folder.path + "/deep/er/b.txt")
            #expect(await watched.isTold(of: "deep/er/b.txt"))
        }
    }

    @Test func `new folders are watched with all that is in them`() async throws {
        try await watching { watched in
            try watched.write("new/er/a.txt")
            #expect(await watched.isTold(of: "new"))
            _ = try await watched.toldUpToNow()
            try watched.write("new/er/a.txt", "other")
            #expect(await watched.isTold(of: "new/er/a.txt"))
            try FileManager.default.moveItem(
                atPath: watched.folder.path + "/new", toPath: watched.folder.path + "/moved")
            #expect(await watched.isTold(of: "moved"))
            try watched.write("moved/er/a.txt", "again")
            #expect(await watched.isTold(of: "moved/er/a.txt"), "by the path that it has now")
        }
    }

    @Test func `what is left out is not told of, whether it was there before or not`() async throws {
        try await watching(["cache/old.txt"], leavingOut: ["cache", "made"]) { watched in
            try watched.write("cache/old.txt", "other")
            try watched.write("made/new.txt")
            #expect(try await watched.toldUpToNow() == [])
            #expect(await watched.watcher.count == 1)
        }
    }

    @Test func `a folder alone is watched without those below it`() async throws {
        try await watching(["a.txt", "deep/b.txt"], isDeep: false) { watched in
            try watched.write("deep/b.txt", "other")
            try watched.write("a.txt", "other")
            let told = try await watched.toldUpToNow()
            #expect(Set(told) == [watched.folder.path + "/a.txt"])
        }
    }

    @Test func `a folder that is not there is waited for, and waited for again when it goes`() async throws {
        try await watching(root: "later/on") { watched in
            let root = watched.folder.path + "/later/on"
            for _ in 0..<2 {
                try FileManager.default.createDirectory(
                    atPath: watched.folder.path + "/later", withIntermediateDirectories: false)
                #expect(await watched.isTold(of: "later"))
                try await watched.watcher.watch(root)
                try watched.write("later/on/a.txt")
                #expect(await watched.isTold(of: "later/on"))
                try await watched.watcher.watch(root)
                try watched.write("later/on/a.txt", "other")
                #expect(await watched.isTold(of: "later/on/a.txt"))
                try FileManager.default.removeItem(atPath: watched.folder.path + "/later")
                #expect(await watched.isTold(of: "later"))
                try await watched.watcher.watch(root)
            }
        }
    }

    @Test func `a thousand changes at once are all told`() async throws {
        try await watching { watched in
            for number in 0..<1000 { try watched.write("f\(number)") }
            let told = Set(try await watched.toldUpToNow())
            #expect((0..<1000).allSatisfy { told.contains(watched.folder.path + "/f\($0)") })
        }
    }
}
